# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Records each call: a line in the access log, and a span if tracing is configured."""

from __future__ import annotations

import asyncio
import logging
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import unquote

import grpc

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from opentelemetry.trace import Span

    from longtake_server.clock import Clock
    from longtake_server.telemetry import Telemetry

    Context = grpc.aio.ServicerContext[Any, Any]

_log = logging.getLogger("longtake_server.access")
_OPERATION = re.compile(r"(operations/[a-zA-Z0-9_-]{1,64})(?:/videos/[0-9]{1,6})?")
_CODES: dict[grpc.StatusCode | int, grpc.StatusCode] = {
    key: code for code in grpc.StatusCode for key in (code, code.value[0])
}
# At its deadline a client resets the stream. The reset arrives before the server's deadline, which
# started later and which gRPC rounds up by at most 1 %.
_DEADLINE_SLACK_SECONDS = 0.1
_DEADLINE_SLACK_SHARE = 0.02

_operation: ContextVar[str] = ContextVar("operation", default="")


def name_operation(name: str) -> None:
    """Set the operation of the running call, if its request does not name one."""
    _operation.set(name)


class Observer:
    """Observes the calls of a server.

    Args:
        clock: Measures the durations.
        telemetry: Records the spans.

    """

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self.clock = clock
        self.telemetry = telemetry

    def call(self, method: str, context: Context) -> ObservedCall:
        """Return a context manager that observes a call from its start to its end."""
        return ObservedCall(self, method, context)


class ObservedCall:
    """A call that is being handled."""

    __slots__ = ("_began", "_context", "_method", "_observer", "_peer", "_span", "_tracing")

    def __init__(self, observer: Observer, method: str, context: Context) -> None:
        self._observer = observer
        self._method = method
        self._context = context
        # Read now, because grpcio forgets the peer when the connection closes.
        self._peer = context.peer()
        self._tracing: AbstractContextManager[Span] | None = None
        self._span: Span | None = None

    def __enter__(self) -> Self:
        """Start the span and the measurement."""
        self._began = self._observer.clock.monotonic()
        telemetry = self._observer.telemetry
        if telemetry.tracer_provider is not None:
            metadata = self._context.invocation_metadata() or ()
            self._tracing = telemetry.serve(
                self._method, {key: str(value) for key, value in metadata}
            )
            self._span = self._tracing.__enter__()
        return self

    def requested(self, request: object) -> None:
        """Set the operation that the request names, if the name is well-formed."""
        if named := _OPERATION.fullmatch(getattr(request, "name", "")):
            name_operation(named[1])

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the span and write the line of the access log."""
        seconds = self._observer.clock.monotonic() - self._began
        code = self._code(error, seconds)
        if self._span is not None and self._tracing is not None:
            self._observer.telemetry.served(self._span, code.value[0], _operation.get())
            self._tracing.__exit__(kind, error, traceback)
        if _log.isEnabledFor(logging.INFO):
            self._write(code, seconds)

    def _code(self, error: BaseException | None, seconds: float) -> grpc.StatusCode:
        # grpcio returns the status that was set, or else a number, or None if there was no error.
        sent = cast("grpc.StatusCode | int | None", self._context.code())
        if sent:
            return _CODES.get(sent, grpc.StatusCode.UNKNOWN)
        if error is None:
            return grpc.StatusCode.OK
        if not isinstance(error, asyncio.CancelledError):
            return grpc.StatusCode.UNKNOWN
        # Typed as float, but None if the caller set no deadline.
        left = cast("float | None", self._context.time_remaining())
        if left is None:
            return grpc.StatusCode.CANCELLED
        slack = _DEADLINE_SLACK_SECONDS + _DEADLINE_SLACK_SHARE * (left + seconds)
        expired = left <= slack
        return grpc.StatusCode.DEADLINE_EXCEEDED if expired else grpc.StatusCode.CANCELLED

    def _write(self, code: grpc.StatusCode, seconds: float) -> None:
        fields = {
            "method": self._method,
            "code": code.name,
            "seconds": round(seconds, 6),
            "peer": unquote(self._peer),
        }
        if operation := _operation.get():
            fields["operation"] = operation
        _log.info("call", extra=fields)
