# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The two calls by which Veo is used on the Agent Platform."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from veo_simulator import faults
from veo_simulator.authentication import authenticate
from veo_simulator.errors import GoogleError, Violation, invalid
from veo_simulator.orders import read_order

if TYPE_CHECKING:
    from starlette.requests import Request

    from veo_simulator.counting import Counts
    from veo_simulator.directives import Directives
    from veo_simulator.generations import Generations
    from veo_simulator.orders import Order
    from veo_simulator.quota import Quota

MOST_REQUEST_BYTES = 128 << 20
_MODEL = "publishers/google/models/{model}"
_PARENTS = ("", "projects/{project}/locations/{location}/")
_VERSIONS = ("v1", "v1beta1")


class VideoApi:
    """Starts generations and tells how far they are."""

    def __init__(self, generations: Generations, counts: Counts, quota: Quota) -> None:
        self._generations = generations
        self._counts = counts
        self._quota = quota
        self._faults = faults.Faults()
        self.may_submit = asyncio.Event()
        self.may_submit.set()

    def routes(self) -> list[Route]:
        """Return the routes, with Google's paths: of a project, and of express keys."""
        return [
            Route(f"/{version}/{parent}{_MODEL}:{method}", call, methods=["POST"])
            for version in _VERSIONS
            for parent in _PARENTS
            for method, call in (
                ("predictLongRunning", self.submit),
                ("fetchPredictOperation", self.poll),
            )
        ]

    async def submit(self, request: Request) -> Response:
        """Start a generation."""
        self._counts.received()
        authenticate(request)
        await self.may_submit.wait()
        body = await _object(request)
        model = request.path_params["model"]
        order = await asyncio.to_thread(read_order, model, body)
        prompt = _prompt(body)
        fault = self._faults.next(prompt, order.directives)
        if fault not in (None, "drop"):
            return await self._fault(fault or "", "", order)
        self._quota.take(model)
        generation = await self._generations.start(_resource(request), order, body)
        self._counts.accepted(prompt)
        if fault:
            return await self._fault(fault, "", order)
        return JSONResponse({"name": generation.name})

    async def poll(self, request: Request) -> Response:
        """Tell how far a generation is."""
        self._counts.polled()
        authenticate(request)
        name = (await _object(request)).get("operationName")
        resource = _resource(request)
        if not isinstance(name, str) or not name.startswith(f"{resource}/operations/"):
            accepted = f"accepted is {resource}/operations/ID"
            raise invalid(Violation("operationName", accepted))
        generation = self._generations.find(name)
        generation.polls += 1
        order = generation.order
        if "lost" in order.directives:
            raise GoogleError("NOT_FOUND", "The operation is not found, or has expired.")
        if fault := self._faults.next(name, order.directives, "poll-"):
            return await self._fault(fault, "poll-", order)
        answer = await self._generations.as_operation(generation)
        return Response(answer, media_type="application/json")

    async def _fault(self, fault: str, prefix: str, order: Order) -> Response:
        retry = _retry(order.directives, prefix + fault)
        return await faults.answer(fault, order.model, retry)


def _retry(chosen: Directives, name: str) -> float | None:
    given = chosen.text(name, "retry", "")
    return float(given) if given else None


def _resource(request: Request) -> str:
    path: str = request.url.path
    return path.split("/", 2)[2].rpartition(":")[0]


def _prompt(body: dict[str, Any]) -> str:
    return str(body["instances"][0].get("prompt") or "")


async def _object(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_REQUEST_BYTES:
            raise invalid(Violation("body", f"at most {MOST_REQUEST_BYTES} bytes"))
    try:
        value = await asyncio.to_thread(json.loads, body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise invalid(Violation("body", "accepted is a JSON object"))
    return value
