# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Records each request: a line in the access log, a span, and a metric.

Nothing of a request's query is recorded, since an address that is signed is a secret, and of its
path only the route. Spans and metrics follow the conventions of OpenTelemetry for HTTP.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from longtake_server.identity.principal import ANYONE
from longtake_server.telemetry.logs import ACCESS_LOG, subject
from longtake_server.telemetry.traces import ids_of, sent_context

if TYPE_CHECKING:
    from opentelemetry.trace import Span
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from longtake_server.clock import Clock
    from longtake_server.identity.principal import Principal
    from longtake_server.telemetry import Telemetry
    from longtake_server.telemetry.traces import TraceContext

_log = logging.getLogger(ACCESS_LOG)
_faults = logging.getLogger(__name__)

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SERVER_FAULT = 500
# What nginx logs for a client that left before it was answered.
_CLIENT_LEFT = 499


def note_principal(principal: Principal) -> None:
    """Set the principal of the running request."""
    if isinstance(request := subject.get(None), ObservedRequest):
        request.principal = principal


class ObservedRequest:
    """A request that is being handled.

    Attributes:
        operation: The operation that the request creates or names, empty if none.
        principal: Who makes the request, once it is known.
        status: The status of its response, 0 before there is one.
    """

    __slots__ = ("_sent", "operation", "principal", "span", "status")

    def __init__(self, sent: TraceContext) -> None:
        self._sent = sent
        self.operation = ""
        self.principal: Principal = ANYONE
        self.span: Span | None = None
        self.status = 0

    def log_fields(self) -> dict[str, str]:
        """Return the principal, the operation and the place in the caller's trace, if known."""
        fields = {}
        if self.principal.id:
            fields["principal"] = self.principal.id
        if self.principal.key_id:
            fields["key"] = self.principal.key_id
        if self.operation:
            fields["operation"] = self.operation
        return {**fields, **(self._sent.ids() if self.span is None else ids_of(self.span))}


class Observed:
    """An ASGI application whose requests are recorded.

    Args:
        application: The application.
        clock: Measures the durations.
        telemetry: Records spans and metrics.

    """

    def __init__(self, application: ASGIApp, clock: Clock, telemetry: Telemetry) -> None:
        self._application = application
        self._clock = clock
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        sent = sent_context(_headers(scope))
        request = ObservedRequest(sent)
        # uvicorn runs each request in a task of its own, so nothing has to be reset.
        subject.set(request)
        began = self._clock.monotonic()

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                request.status = message["status"]
            await send(message)

        if self._telemetry.tracer_provider is None:
            await self._handle(scope, receive, noting, request, began, method)
            return
        with self._telemetry.spans.serve_http(method, sent) as span:
            request.span = span
            await self._handle(scope, receive, noting, request, began, method)

    async def _handle(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        request: ObservedRequest,
        began: float,
        method: str,
    ) -> None:
        try:
            await self._application(scope, receive, send)
        except Exception as error:  # noqa: BLE001 - the client gets a status, the log the cause
            _faults.error("unexpected error", exc_info=error)
            # Starlette has answered, unless the response had begun.
            if request.status != _SERVER_FAULT:
                scope["state"]["abort"]()
        finally:
            route = getattr(scope.get("route"), "path", "")
            status = request.status or _CLIENT_LEFT
            seconds = self._clock.monotonic() - began
            self._telemetry.http_served(method, route, status, seconds)
            if request.span is not None:
                self._telemetry.spans.served_http(
                    request.span, method, route, status, request.operation
                )
            if _log.isEnabledFor(logging.INFO):
                fields: dict[str, object] = {
                    "method": f"{method} {route}".strip(),
                    "code": status,
                    "seconds": round(seconds, 6),
                    "peer": _peer(scope),
                    **request.log_fields(),
                }
                _log.info("request", extra=fields)


def _headers(scope: Scope) -> list[tuple[str, str | bytes]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]]


def _peer(scope: Scope) -> str:
    client = cast("tuple[Any, Any] | None", scope.get("client"))
    return "" if client is None else f"{client[0]}:{client[1]}"
