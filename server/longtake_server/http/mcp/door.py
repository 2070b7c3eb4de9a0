# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Admits the requests of agents at `/mcp`, and hands them to the SDK."""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from longtake_server.errors import LongtakeError, NotAuthenticated
from longtake_server.http.bodies import bytes_of
from longtake_server.http.caller import caller_of
from longtake_server.http.fairness import Readers, TooManyReaders
from longtake_server.http.mcp.calls import Call
from longtake_server.http.sites import host_of, is_known
from longtake_server.http.statuses import http_status_of, retry_seconds
from longtake_server.rpc.status import status_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.routing import BaseRoute
    from starlette.types import Message, Receive, Scope, Send

    from longtake_server.http.mcp.server import AgentServer
    from longtake_server.http.parts import DoorParts

PATH = "/mcp"
"""The path of the endpoint."""

# Any role: each tool requires its own.
_METHOD = "/longtake.v1.VideoService/GetOperation"
_SERVER = "longtake_server.http.mcp.server"
# Agents name media by address.
_MOST_BYTES = 1 << 20
# Half of all connections of the listener.
_MOST_REQUESTS = 500
# The range -32000 to -32019 is the server's own.
_REFUSED = -32000


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the route of agents, if they are served.

    GET and DELETE get 405, as the protocol has it for servers without sessions.
    """
    if not parts.settings.agents:
        return []
    # Starlette takes an endpoint that is no function for an ASGI application.
    return [Route(PATH, _Endpoint(parts), methods=["POST"])]


class _Endpoint:
    """The ASGI application of the route."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts
        self._requests = Readers(_MOST_REQUESTS)
        self._made: AgentServer | None = None
        public_url = parts.settings.public_url
        self._public_host = None if public_url is None else urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it before its body is read."""
        request = Request(scope, receive)
        async with AsyncExitStack() as held:
            try:
                body = await self._admitted(request, held)
            except (LongtakeError, TooManyReaders) as error:
                await _refusal(error)(scope, receive, send)
                return
            if body is None:
                await _foreign()(scope, receive, send)
                return
            server = await self._server()
            await server.serve(scope, _after(bytes(body), receive), send)

    async def _admitted(self, request: Request, held: AsyncExitStack) -> bytearray | None:
        """Return the body of a request, None if a page of another site sends it.

        Raises:
            NotAuthenticated, AuthenticationUnavailable, RoleMissing: As `caller_of`.
            InvalidRequest, TooManyRequestBytes: As `bytes_of`.
            TooManyReaders: The principal has too many requests under way.

        """
        if not self._is_own(request):
            return None
        principal = await caller_of(request, self._parts, _METHOD)
        held.enter_context(self._requests.one(principal.id))
        body = await held.enter_async_context(bytes_of(request, _MOST_BYTES, self._parts.budget))
        request.state.call = Call(request, principal)
        return body

    def _is_own(self, request: Request) -> bool:
        """Return whether no page of another site sends a request, by its Origin and its Host.

        Without credentials, a page whose name leads here (DNS rebinding) lacks nothing.
        """
        headers = request.headers
        origin = headers.get("origin")
        if origin is not None and not is_known(host_of(origin), self._public_host):
            return False
        if self._parts.authenticator.authenticates or self._parts.settings.caller_header:
            return True
        return is_known(headers.get("host", ""), self._public_host)

    async def _server(self) -> AgentServer:
        """Return the server. Its SDK is imported by the first request, in a thread."""
        if self._made is None:
            module = await asyncio.to_thread(import_module, _SERVER)
            # Another request may have made it meanwhile.
            if self._made is None:
                self._made = module.AgentServer(self._parts, _MOST_BYTES)
        return self._made


def _after(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that begins with a body that was read already."""
    unread = [body]

    async def replay() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return replay


def _foreign() -> Response:
    return _answer(
        403,
        "pages of this site may not call this server; accepted are loopback addresses and "
        "LONGTAKE_PUBLIC_URL",
        {},
    )


def _refusal(error: LongtakeError | TooManyReaders) -> Response:
    if isinstance(error, TooManyReaders):
        return _answer(429, "too many requests of this caller are open", {"retry-after": "1"})
    status = status_of(error)
    headers = {}
    if (seconds := retry_seconds(status)) is not None:
        headers["retry-after"] = str(seconds)
    if isinstance(error, NotAuthenticated):
        headers["www-authenticate"] = 'Bearer realm="longtake"'
    return _answer(http_status_of(status.code), status.message, headers)


def _answer(status: int, message: str, headers: Mapping[str, str]) -> Response:
    """Return an error of JSON-RPC for a request whose id was not read."""
    error = {"code": _REFUSED, "message": message}
    content = json.dumps({"jsonrpc": "2.0", "id": None, "error": error})
    return Response(content, status, headers, media_type="application/json")
