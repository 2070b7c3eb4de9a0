# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the contract as JSON: `POST /console/api/{service}/{method}`, to the servicers of gRPC.

The body is the request, and the answer is the response, in the JSON of Protocol Buffers. A stream
is one response in each line. So the console has no rule, no limit and no word of its own.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from google.protobuf import json_format, message_factory
from longtake.v1 import video_service_pb2, webhook_service_pb2
from starlette.responses import Response
from starlette.routing import Route

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.http.bodies import body_of
from longtake_server.http.caller import caller_of
from longtake_server.http.console.answers import answering, error_line, text_of
from longtake_server.http.google_wire.sending import sent
from longtake_server.rpc.door import act_as
from longtake_server.rpc.encoded import EncodedOperations
from longtake_server.rpc.positions import Positions
from longtake_server.rpc.video_servicer import VideoServicer
from longtake_server.rpc.webhook_servicer import WebhookServicer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from google.protobuf.message import Message
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts
    from longtake_server.identity.principal import Principal

_PATH = "/console/api"
_MOST_BYTES = 1 << 20
_VIDEO_METHODS = (
    *("GenerateVideos", "GetOperation", "ListOperations", "CancelOperation", "DeleteOperation"),
    *("CreateVideoUrl", "ListModels", "GetCaller", "GetUsage"),
    *("WatchOperation", "WatchOperations"),
)
_WEBHOOK_METHODS = (
    *("ListWebhooks", "ListWebhookDeliveries", "RedeliverWebhookDelivery", "TestWebhook"),
)
_VIDEO = video_service_pb2.DESCRIPTOR.services_by_name["VideoService"]
_WEBHOOK = webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"]
_NO_STORE = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class _Method:
    """A method of the contract.

    Attributes:
        name: `package.Service/Method`.
        takes: The class of its request.
        gives: The class of its response, or of each in its stream.
        run: The method of the servicer.
    """

    name: str
    takes: type[Message]
    gives: type[Message]
    run: Callable[[Message, Any], Any]


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return a route for each method that the pages call.

    Args:
        parts: The parts of the listener.

    """
    video = VideoServicer(parts.service, EncodedOperations(), parts.clock, parts.telemetry)
    webhooks = WebhookServicer(parts.webhooks)
    calls = _Calls(parts)
    return [
        *_routes_of(_VIDEO, video, _VIDEO_METHODS, calls),
        *_routes_of(_WEBHOOK, webhooks, _WEBHOOK_METHODS, calls),
    ]


def _routes_of(
    service: Any, servicer: object, names: tuple[str, ...], calls: _Calls
) -> list[Route]:
    found = []
    for name in names:
        described = service.methods_by_name[name]
        method = _Method(
            f"{service.full_name}/{name}",
            message_factory.GetMessageClass(described.input_type),
            message_factory.GetMessageClass(described.output_type),
            getattr(servicer, name),
        )
        take = calls.stream if described.server_streaming else calls.unary
        endpoint = answering(partial(take, method))
        found.append(Route(f"{_PATH}/{method.name}", endpoint, methods=["POST"]))
    return found


class _CallContext:
    """What the servicers ask of the call besides its principal."""

    def __init__(self, request: Request) -> None:
        self._request = request

    def invocation_metadata(self) -> list[tuple[str, str]]:
        """Return the headers, in which a trace may be."""
        return list(self._request.headers.items())


class _Calls:
    """Turns requests into calls of the servicers."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts

    async def unary(self, method: _Method, request: Request) -> Response:
        """Answer with the response."""
        message, _ = await self._taken(method, request)
        response = await method.run(message, _CallContext(request))
        if isinstance(response, bytes):
            response = method.gives.FromString(response)
        return Response(text_of(response), headers=_NO_STORE, media_type="application/json")

    async def stream(self, method: _Method, request: Request) -> Response:
        """Answer with a line for each response, and one for an error that ends them."""
        message, principal = await self._taken(method, request)
        if isinstance(message, video_service_pb2.WatchOperationsRequest):
            await self._begin_now(message, principal)
        responses = method.run(message, _CallContext(request))
        lines = self._lines(method, request, responses)
        return sent(lines, "application/x-ndjson", self._parts.settings.send_timeout_seconds)

    async def _begin_now(
        self, message: video_service_pb2.WatchOperationsRequest, principal: Principal
    ) -> None:
        """Let a watch that resumes nothing begin now: pages get what there is by pages."""
        if not message.after_position:
            service = self._parts.service
            position = await service.position()
            positions = Positions(await service.position_key(), principal.id)
            message.after_position = positions.token(position)

    async def _lines(
        self, method: _Method, request: Request, responses: AsyncGenerator[Message | bytes]
    ) -> AsyncGenerator[bytes]:
        async with aclosing(responses):
            try:
                async for response in responses:
                    # A credential may have been revoked or have expired meanwhile.
                    await caller_of(request, self._parts, f"/{method.name}")
                    yield _line(method, response)
            except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
                yield error_line(error) + b"\n"

    async def _taken(self, method: _Method, request: Request) -> tuple[Message, Principal]:
        principal = await caller_of(request, self._parts, f"/{method.name}")
        act_as(principal)
        message = method.takes()
        async with body_of(request, _MOST_BYTES, self._parts.budget) as body:
            try:
                json_format.ParseDict(body, message)
            except json_format.ParseError:
                # The parser's message would repeat parts of the body.
                name = method.takes.DESCRIPTOR.name
                fault = Violation("body", f"it is not a {name}; accepted is one as JSON")
                raise InvalidRequest([fault]) from None
        return message, principal


def _line(method: _Method, response: Message | bytes) -> bytes:
    if isinstance(response, bytes):
        response = method.gives.FromString(response)
    return text_of(response) + b"\n"
