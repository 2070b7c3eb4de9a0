# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves Google's Interactions API: its routes, each with the use case that it stands for."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from longtake_server.errors import (
    InvalidRequest,
    ModelNotFound,
    OperationDeleted,
    OperationExpired,
    OperationNotFound,
    RequestIdReused,
    RequestTooLarge,
    RevisionAhead,
    ServerDraining,
    StorageUnavailable,
    TooManyWatches,
    Violation,
)
from longtake_server.http.bodies import body_of
from longtake_server.http.caller import caller_of
from longtake_server.http.google_wire import interactions_answers as answers
from longtake_server.http.google_wire.interactions_errors import error_answer, unknown_answer
from longtake_server.http.google_wire.interactions_ids import (
    InteractionId,
    parse_interaction,
    parse_place,
)
from longtake_server.http.google_wire.interactions_requests import read_order
from longtake_server.http.google_wire.interactions_streams import Call, InteractionStreams
from longtake_server.http.google_wire.interactions_violations import in_the_bodys_words
from longtake_server.http.google_wire.sending import sent, sent_whole
from longtake_server.http.idempotency import request_id_of, reused
from longtake_server.operations.model import State
from longtake_server.rpc.observation import name_operation
from longtake_server.telemetry.traces import context_to_keep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from longtake_server.http.google_wire.interactions_requests import InteractionOrder
    from longtake_server.http.parts import DoorParts
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.model import OperationRecord

_METHODS = "/longtake.v1.VideoService"
_JSON, _EVENTS = "application/json", "text/event-stream"
_CANCEL_SECONDS = 5.0
# The JSON around the bytes of a request.
_AROUND_BYTES = 1 << 16
_NOT_RUNNING = "Only background interactions that are still running can be cancelled."
# Of the Gemini Developer API, of the Agent Platform with a key, and with a project.
_PARENTS = ("", "/locations/{location}", "/projects/{project}/locations/{location}")
_COLLECTIONS = tuple(
    f"/{version}{parent}/interactions"
    for version in ("v1", "v1beta", "v1beta1")
    for parent in _PARENTS
)


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the routes of interactions. Every project and location is the same collection.

    Args:
        parts: The parts of the listener.

    """
    api = _Interactions(parts)
    calls: tuple[tuple[str, str, Callable[[Request], Awaitable[Response]]], ...] = (
        ("", "POST", api.create),
        ("/{id}", "GET", partial(_found, api.get)),
        ("/{id}", "DELETE", partial(_found, api.delete)),
        ("/{id}/cancel", "POST", partial(_found, api.cancel)),
    )
    return [
        _route(path + suffix, method, partial(_answered, call))
        for path in _COLLECTIONS
        for suffix, method, call in calls
    ]


def _route(path: str, method: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    route = Route(path, endpoint, methods=[method])
    # Starlette adds HEAD, which would follow a stream to its end for nothing.
    route.methods = {method}
    return route


async def _answered(call: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await call(request)
    except Exception as error:  # noqa: BLE001 - google_errors maps every error
        return error_answer(error)


async def _found(call: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    try:
        return await call(request)
    except (OperationNotFound, OperationDeleted, OperationExpired):
        return unknown_answer()


class _Interactions:
    """Turns calls into use cases."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts
        self._service = parts.service
        self._streams = InteractionStreams(parts)

    async def create(self, request: Request) -> Response:
        """Start an interaction. Answers at once, with events, or at its end."""
        principal = await caller_of(request, self._parts, f"{_METHODS}/GenerateVideos")
        request_id = request_id_of(request, principal)
        most = self._parts.settings.max_request_bytes // 3 * 4 + _AROUND_BYTES
        async with body_of(request, most, self._parts.budget) as body:
            order = await asyncio.to_thread(read_order, body, request_id)
            body.clear()
            record = await self._accepted(request, order, principal)
        name_operation(record.name)
        call = Call(request, principal, InteractionId(record.name, order.delivery))
        if order.stream:
            return self._sending(self._streams.events(call, record, None), _EVENTS)
        if order.background:
            return JSONResponse(answers.described(record, call.interaction))
        return self._sending(self._streams.at_end(call, record), _JSON)

    async def _accepted(
        self, request: Request, order: InteractionOrder, principal: Principal
    ) -> OperationRecord:
        most = self._parts.settings.max_request_bytes
        if (size := order.request.ByteSize()) > most:
            raise RequestTooLarge(size, most)
        model = order.request.model
        if model and not self._service.serves(model):
            raise ModelNotFound(f"models/{model}")
        trace = context_to_keep(request.headers.items())
        try:
            return await self._service.generate(order.request, principal, trace)
        except InvalidRequest as error:
            raise in_the_bodys_words(error, order.places) from error
        except RequestIdReused as error:
            raise reused(error) from error

    async def get(self, request: Request) -> Response:
        """Return an interaction, or the events of one."""
        call = await self._call(request, "GetOperation")
        streams = _flag(request, "stream")
        last = _parameter(request, "last_event_id", "lastEventId")
        if _flag(request, "include_input", "includeInput"):
            raise _invalid("include_input", "accepted is false: the input is not given back")
        if last and not streams:
            raise _invalid("last_event_id", "it needs stream=true")
        if streams:
            return await self._stream(call, last)
        record = await self._service.get(call.interaction.operation, call.principal)
        return await self._whole(call, record)

    async def _stream(self, call: Call, last: str) -> Response:
        after = parse_place(last, call.interaction) if last else None
        # Raises before the answer begins what a watch would raise after it.
        record = await self._service.wait(call.interaction.operation, call.principal, None, 0.0)
        if after is not None and after.revision > record.revision:
            raise RevisionAhead(after.revision, record.revision)
        return self._sending(self._streams.events(call, record, after), _EVENTS)

    async def cancel(self, request: Request) -> Response:
        """Cancel an interaction, and wait a moment for its end."""
        call = await self._call(request, "CancelOperation")
        name = call.interaction.operation
        record = await self._service.get(name, call.principal)
        if record.done:
            raise _invalid("id", _NOT_RUNNING)
        record = await self._service.cancel(name, call.principal)
        with suppress(ServerDraining, StorageUnavailable, TooManyWatches):
            record = await self._service.wait(name, call.principal, None, _CANCEL_SECONDS)
        if record.done and record.state is not State.CANCELLED:
            raise _invalid("id", _NOT_RUNNING)
        return await self._whole(call, record)

    async def delete(self, request: Request) -> Response:
        """Delete an interaction and its video."""
        call = await self._call(request, "DeleteOperation")
        await self._service.delete(call.interaction.operation, call.principal)
        return JSONResponse({})

    async def _call(self, request: Request, method: str) -> Call:
        principal = await caller_of(request, self._parts, f"{_METHODS}/{method}")
        interaction = parse_interaction(request.path_params["id"])
        name_operation(interaction.operation)
        return Call(request, principal, interaction)

    async def _whole(self, call: Call, record: OperationRecord) -> Response:
        parts = await self._streams.whole(call, record)
        return await sent_whole(parts, _JSON, self._parts.settings.send_timeout_seconds)

    def _sending(self, parts: AsyncGenerator[bytes], media_type: str) -> Response:
        return sent(parts, media_type, self._parts.settings.send_timeout_seconds)


def _flag(request: Request, *names: str) -> bool:
    value = _parameter(request, *names).lower()
    if value not in ("", "true", "false"):
        raise _invalid(names[0], "accepted are true and false")
    return value == "true"


def _parameter(request: Request, *names: str) -> str:
    return next((value for name in names if (value := request.query_params.get(name))), "")


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest([Violation(field, description)])
