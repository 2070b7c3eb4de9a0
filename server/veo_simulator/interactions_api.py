# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the Interactions API of the Agent Platform and of the Developer API."""

from __future__ import annotations

import asyncio
import json
import uuid
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from veo_simulator.authentication import authenticate
from veo_simulator.errors import GoogleError, Violation, invalid
from veo_simulator.faults import CutOff
from veo_simulator.interaction_errors import unknown, worded
from veo_simulator.interactions import described, events, steps, steps_of_input, summary

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

    from veo_simulator.calls import Calls
    from veo_simulator.generations import Generation, Generations
    from veo_simulator.interaction_orders import InteractionOrder
    from veo_simulator.interaction_results import InteractionResults

_EVENTS = "text/event-stream"
_PROJECT = "projects/{project}/locations/{location}/interactions"
_EXPRESS = "locations/global/interactions"
# The path and the name of each parent. Both paths of express keys have the same interactions.
_PARENTS = {
    **{f"/{version}/{_PROJECT}": _PROJECT for version in ("v1", "v1beta1")},
    **{f"/v1beta1/{path}": _EXPRESS for path in ("interactions", _EXPRESS)},
    **{f"/{version}/interactions": "interactions" for version in ("v1", "v1beta")},
}


class InteractionsApi:
    """Starts, describes, cancels and deletes interactions."""

    def __init__(
        self,
        generations: Generations[InteractionOrder],
        results: InteractionResults,
        calls: Calls,
    ) -> None:
        self._generations = generations
        self._results = results
        self._calls = calls

    def routes(self) -> list[Route]:
        """Return the routes, with Google's paths."""
        return [
            Route(path + suffix, partial(call, parent), methods=[method])
            for path, parent in _PARENTS.items()
            for suffix, method, call in (
                ("", "POST", self.create),
                ("/{id}", "GET", self.get),
                ("/{id}/cancel", "POST", self.cancel),
                ("/{id}", "DELETE", self.delete),
            )
        ]

    async def create(self, parent: str, request: Request) -> Response:
        """Start an interaction; wait for its end unless it runs in the background."""
        body = await self._calls.submission(request)
        return await worded(self._create(_named(parent, request), body))

    async def get(self, parent: str, request: Request) -> Response:
        """Return an interaction, or the events of one."""
        self._calls.poll(request)
        return await worded(self._get(_named(parent, request), request))

    async def cancel(self, parent: str, request: Request) -> Response:
        """Stop an interaction that runs in the background."""
        authenticate(request)
        return await worded(self._cancel(_named(parent, request)))

    async def delete(self, parent: str, request: Request) -> Response:
        """Delete an interaction."""
        authenticate(request)
        return await worded(self._delete(_named(parent, request)))

    async def _create(self, parent: str, body: dict[str, Any]) -> Response:
        if parent.startswith("projects/") and "/locations/global/" not in parent:
            raise invalid(Violation("location", "Omni models are served in global only"))
        name = f"{parent}{uuid.uuid4().hex}"
        order = await asyncio.to_thread(self._results.read, name, body)
        if order.previous:
            await self._check_previous(parent, order.previous)
        begin = partial(self._generations.start, name, order, body)
        return await self._calls.start(order.prompt, order, "global", begin, self._begun)

    async def _check_previous(self, parent: str, previous: str) -> None:
        found = self._find(parent + previous)
        if await asyncio.to_thread(self._results.video, found.id) is None or not found.outcome:
            message = f"interaction {previous} has no video, or not yet"
            raise invalid(Violation("previous_interaction_id", message))

    async def _begun(self, generation: Generation[InteractionOrder]) -> Response:
        if generation.order.stream:
            return await self._stream(generation, 0)
        if generation.order.background:
            return JSONResponse(summary(generation))
        await generation.ended.wait()
        return await self._whole(generation)

    async def _get(self, name: str, request: Request) -> Response:
        generation = self._find(name)
        if fault := await self._calls.fault_of_poll(generation):
            return fault
        streams = _flag(request, "stream")
        last = _parameter(request, "last_event_id", "lastEventId")
        if last and not streams:
            raise invalid(Violation("last_event_id", "it needs stream=true"))
        if streams:
            return await self._stream(generation, _number(generation.id, last))
        if self._calls.undone(generation):
            generation = replace(generation, outcome=None)
        before = []
        if _flag(request, "include_input", "includeInput"):
            before = steps_of_input((await self._generations.request(generation)).get("input"))
        return await self._whole(generation, before)

    async def _cancel(self, name: str) -> Response:
        generation = self._find(name)
        stopped = generation.order.background and await self._generations.stop(
            generation, self._results.cancelled()
        )
        if not stopped:
            message = "Only background interactions that are still running can be cancelled."
            raise GoogleError("INVALID_ARGUMENT", message)
        return await self._whole(generation)

    async def _delete(self, name: str) -> Response:
        await self._generations.delete(self._find(name))
        return JSONResponse({})

    def _find(self, name: str) -> Generation[InteractionOrder]:
        found = self._generations.get(name)
        if found is None or not found.order.store or "lost" in found.order.directives:
            raise unknown()
        return found

    async def _whole(
        self, generation: Generation[InteractionOrder], before: list[dict[str, Any]] | None = None
    ) -> Response:
        made = await asyncio.to_thread(steps, generation, self._results)
        whole = {**described(generation), "steps": [*(before or []), *made]}
        return Response(await asyncio.to_thread(json.dumps, whole), media_type="application/json")

    async def _stream(self, generation: Generation[InteractionOrder], after: int) -> Response:
        blocks = self._blocks(generation, after)
        most = self._calls.events_before_cut(generation)
        if most is None:
            return StreamingResponse(blocks, media_type=_EVENTS)
        seen = [block async for block in _first(blocks, most)]
        return CutOff("".join(seen).encode(), _EVENTS)

    async def _blocks(
        self, generation: Generation[InteractionOrder], after: int
    ) -> AsyncIterator[str]:
        number = 0
        async for event in events(generation, self._results):
            number += 1
            if number > after:
                numbered = {**event, "event_id": f"{generation.id}-{number}"}
                yield f"data: {json.dumps(numbered)}\n\n"
        yield "data: [DONE]\n\n"


async def _first(blocks: AsyncIterator[str], most: int) -> AsyncIterator[str]:
    while most > 0:
        most -= 1
        try:
            yield await anext(blocks)
        except StopAsyncIteration:
            return


def _named(parent: str, request: Request) -> str:
    """Return the name of the interaction of a call, or the name of its parent and a slash."""
    return f"{parent}/{{id}}".format(**{"id": "", **request.path_params})


def _number(interaction: str, event: str) -> int:
    of, _, number = event.rpartition("-")
    if not event:
        return 0
    if of != interaction or not (number.isascii() and number.isdigit()):
        raise invalid(Violation("last_event_id", f"{event!r} is not an event of this interaction"))
    return int(number)


def _flag(request: Request, *names: str) -> bool:
    value = _parameter(request, *names).lower()
    if value not in ("", "true", "false"):
        raise invalid(Violation(names[0], f"{value!r}; accepted are true, false"))
    return value == "true"


def _parameter(request: Request, *names: str) -> str:
    return next((value for name in names if (value := request.query_params.get(name))), "")
