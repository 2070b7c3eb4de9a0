# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the two calls of Veo on the Agent Platform."""

from __future__ import annotations

import asyncio
import uuid
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from veo_simulator.bodies import read_object
from veo_simulator.errors import GoogleError, Violation, invalid
from veo_simulator.orders import Order, read_order

if TYPE_CHECKING:
    from starlette.requests import Request

    from veo_simulator.calls import Calls
    from veo_simulator.generations import Generation, Generations
    from veo_simulator.results import Results

_MODEL = "publishers/google/models/{model}"
_PARENTS = ("", "projects/{project}/locations/{location}/")
_VERSIONS = ("v1", "v1beta1")


class VideoApi:
    """Starts and polls generations."""

    def __init__(self, generations: Generations[Order], results: Results, calls: Calls) -> None:
        self._generations = generations
        self._results = results
        self._calls = calls

    def routes(self) -> list[Route]:
        """Return the routes, with Google's paths for projects and for express keys."""
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
        body = await self._calls.submission(request)
        order = await asyncio.to_thread(read_order, request.path_params["model"], body)
        prompt = str(body["instances"][0].get("prompt") or "")
        name = f"{_resource(request)}/operations/{uuid.uuid4()}"
        begin = partial(self._generations.start, name, order, body)
        location = request.path_params.get("location", "global")
        return await self._calls.start(prompt, order, location, begin, _named)

    async def poll(self, request: Request) -> Response:
        """Return the state of a generation."""
        self._calls.poll(request)
        name = (await read_object(request)).get("operationName")
        resource = _resource(request)
        if not isinstance(name, str) or not name.startswith(f"{resource}/operations/"):
            accepted = f"accepted is {resource}/operations/ID"
            raise invalid(Violation("operationName", accepted))
        generation = self._generations.get(name)
        if generation is None or "lost" in generation.order.directives:
            raise GoogleError("NOT_FOUND", "The operation is not found, or has expired.")
        if fault := await self._calls.fault_of_poll(generation):
            return fault
        if self._calls.undone(generation):
            return await _named(generation)
        answer = await self._results.as_operation(generation)
        return Response(answer, media_type="application/json")


async def _named(generation: Generation[Order]) -> Response:
    return JSONResponse({"name": generation.name})


def _resource(request: Request) -> str:
    path: str = request.url.path
    return path.split("/", 2)[2].rpartition(":")[0]
