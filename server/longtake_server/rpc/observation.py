# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Records each call: a line in the access log, a span, and metrics.

Spans and metrics follow the conventions of OpenTelemetry for RPC. Health checks have neither.
"""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import unquote

import grpc

from longtake_server.errors import StorageUnavailable
from longtake_server.identity.principal import ANYONE
from longtake_server.rpc.door import principal_of_call
from longtake_server.telemetry.logs import ACCESS_LOG, subject
from longtake_server.telemetry.traces import ids_of, sent_context

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType

    from opentelemetry.metrics import Counter, Histogram
    from opentelemetry.trace import Span

    from longtake_server.clock import Clock
    from longtake_server.telemetry import Telemetry

    Context = grpc.aio.ServicerContext[Any, Any]

_log = logging.getLogger(ACCESS_LOG)
# Names as the server makes them. Another text may be a secret in the wrong place.
_OPERATION = re.compile(
    r"(operations/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:/videos/[0-9]{1,6})?"
)
_NAME = "name"
_HEALTH = "/grpc.health.v1.Health/"
_CODES: dict[grpc.StatusCode | int, grpc.StatusCode] = {
    key: code for code in grpc.StatusCode for key in (code, code.value[0])
}
# OpenTelemetry counts these codes against a server, and the others against the caller.
_SERVER_FAULTS = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
# At its deadline a client resets the stream. The reset arrives before the server's deadline, which
# started later and which gRPC rounds up by at most 1 %.
_DEADLINE_SLACK_SECONDS = 0.1
_DEADLINE_SLACK_SHARE = 0.02


def name_operation(name: str) -> None:
    """Set the operation of the running call, if its request does not name one."""
    if (call := subject.get(None)) is not None:
        call.operation = name


class Observer:
    """Observes the calls of a server.

    Args:
        clock: Measures the durations.
        telemetry: Records spans and metrics.

    """

    def __init__(self, clock: Clock, telemetry: Telemetry) -> None:
        self.clock = clock
        self.telemetry = telemetry

    def unary(self, method: str) -> ObservedMethod:
        """Return what observes the calls of a method that returns one message.

        Args:
            method: `/package.Service/Method`.

        """
        return ObservedMethod(self, method, self.telemetry.call_duration, None)

    def stream(self, method: str) -> ObservedMethod:
        """Return what observes the calls of a method that returns a stream."""
        telemetry = self.telemetry
        return ObservedMethod(self, method, telemetry.stream_duration, telemetry.stream_messages)


class ObservedMethod:
    """Observes the calls of a method.

    Args:
        observer: Has the clock and the telemetry.
        method: `/package.Service/Method`.
        duration: Records the duration of each call.
        messages: Counts the messages of a stream, None if the method returns one message.

    Attributes:
        name: The method, as given.
        monotonic: Returns the seconds of a monotonic clock.
        telemetry: Records the spans and the metrics.
        is_traced: Whether calls have spans.
        is_measured: Whether calls have metrics.

    """

    def __init__(
        self, observer: Observer, method: str, duration: Histogram, messages: Counter | None
    ) -> None:
        telemetry, is_health = observer.telemetry, method.startswith(_HEALTH)
        self.name = method
        self.monotonic = observer.clock.monotonic
        self.telemetry = telemetry
        self.is_traced = telemetry.tracer_provider is not None and not is_health
        self.is_measured = telemetry.collects and not is_health
        self._requests_name: bool | None = None
        self._duration = duration
        self._messages = messages
        self._attributes = {"rpc.system.name": "grpc", "rpc.method": method.removeprefix("/")}
        self._outcomes = {code: _outcome(code) for code in grpc.StatusCode}
        self._ends = {
            code: {**self._attributes, **outcome} for code, outcome in self._outcomes.items()
        }

    def name_in(self, request: object) -> str:
        """Return what a request of the method names, empty if nothing."""
        if self._requests_name is None:
            # Once, because it takes long to ask a message for a field that it does not have.
            self._requests_name = hasattr(request, _NAME)
        return getattr(request, _NAME) if self._requests_name else ""

    def call(self, context: Context) -> ObservedCall:
        """Return a context manager that observes a call from its start to its end."""
        return ObservedCall(self, context)

    def sent(self) -> None:
        """Count a message that was sent on a stream."""
        if self._messages is not None:
            self._messages.add(1, self._attributes)

    def ended(self, code: grpc.StatusCode, seconds: float) -> None:
        """Record how a call ended, and how long it took."""
        self._duration.record(seconds, self._ends[code])

    def span(self, context: Context) -> AbstractContextManager[Span]:
        """Return the span of a call, as a context manager."""
        sent = sent_context(context.invocation_metadata() or ())
        return self.telemetry.spans.serve(self._attributes["rpc.method"], sent)

    def end_span(self, span: Span, code: grpc.StatusCode, operation: str) -> None:
        """Record how a call ended on its span."""
        self.telemetry.spans.served(span, self._outcomes[code], operation)


def _outcome(code: grpc.StatusCode) -> dict[str, str]:
    outcome = {"rpc.response.status_code": code.name}
    return {**outcome, "error.type": code.name} if code in _SERVER_FAULTS else outcome


class ObservedCall:
    """A call that is being handled."""

    __slots__ = (
        *("_began", "_context", "_method", "_named"),
        *("_peer", "_principal", "_span", "_tracing"),
    )

    def __init__(self, method: ObservedMethod, context: Context) -> None:
        self._method = method
        self._context = context
        # Read now, because grpcio forgets the peer when the connection closes.
        self._peer = context.peer() if _log.isEnabledFor(logging.INFO) else ""
        self._principal = ANYONE
        self._span: Span | None = None
        self._named = ""

    @property
    def operation(self) -> str:
        """The operation that the call creates or names, empty if none or malformed."""
        # Few calls are told of, so it is not matched before.
        named = _OPERATION.fullmatch(self._named)
        return named[1] if named else ""

    @operation.setter
    def operation(self, name: str) -> None:
        self._named = name

    def __enter__(self) -> Self:
        """Start the span and the measurement."""
        # gRPC runs each call in a task of its own, so nothing has to be reset.
        subject.set(self)
        method = self._method
        self._began = method.monotonic()
        if method.is_traced:
            self._tracing = method.span(self._context)
            self._span = self._tracing.__enter__()
        return self

    def admitted(self) -> None:
        """Note the principal of the call, which the door has set."""
        self._principal = principal_of_call()

    def requested(self, request: object) -> None:
        """Note what the request names."""
        self._named = self._method.name_in(request)

    def refused(self, error: Exception) -> None:
        """Note the error that the call is about to end with."""
        if isinstance(error, StorageUnavailable):
            self._method.telemetry.store_fault("call")

    def sent(self) -> None:
        """Count a message that was sent on a stream."""
        if self._method.is_measured:
            self._method.sent()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Write the line of the access log, record the duration and end the span."""
        method = self._method
        seconds = method.monotonic() - self._began
        code = self._code(error, seconds)
        if method.is_measured:
            method.ended(code, seconds)
        if _log.isEnabledFor(logging.INFO):
            self._write(code, seconds)
        if self._span is not None:
            method.end_span(self._span, code, self.operation)
            self._tracing.__exit__(kind, error, traceback)

    @property
    def method(self) -> str:
        """The method as `/package.Service/Method`."""
        return self._method.name

    def log_fields(self) -> dict[str, str]:
        """Return the principal, the operation and the place in the caller's trace, if known."""
        fields = {}
        if self._principal.id:
            fields["principal"] = self._principal.id
        if self._principal.key_id:
            fields["key"] = self._principal.key_id
        if operation := self.operation:
            fields["operation"] = operation
        if self._span is not None:
            return {**fields, **ids_of(self._span)}
        return {**fields, **sent_context(self._context.invocation_metadata() or ()).ids()}

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
            "method": self.method,
            "code": code.name,
            "seconds": round(seconds, 6),
            "peer": unquote(self._peer),
            **self.log_fields(),
        }
        _log.info("call", extra=fields)
