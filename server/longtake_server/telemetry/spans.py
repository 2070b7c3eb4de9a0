# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the spans of served calls, of calls to an upstream, and of whole operations.

Spans never record exceptions: their texts may quote what a caller sent.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span, TracerProvider

    from longtake_server.telemetry.traces import TraceContext

_SCOPE = "longtake_server"
_SERVER_FAULT = 500
_NANOSECONDS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Generation:
    """The operation that a call to an upstream is for.

    Attributes:
        operation: The name of the operation.
        upstream: The name of the upstream.
        provider: The upstream's provider, as `gen_ai.provider.name` names it.
        model: The model of the request.
        served_model: The model that the upstream is asked for.
        trace: The trace of the call that created the operation.
    """

    operation: str
    upstream: str
    provider: str
    model: str
    served_model: str
    trace: TraceContext


class CallSpan:
    """The span of a call to the upstream.

    Attributes:
        result: The outcome of the call; `failed` until `outcome` is called.
        reason: The reason of a call that failed, empty for any other.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self.result = "failed"
        self.reason = ""

    def outcome(self, result: str, reason: str = "") -> None:
        """Record the outcome.

        Args:
            result: The outcome in one or two lower-case words.
            reason: Why it failed, as the name of an ErrorReason; empty if it did not.

        """
        self.result = result
        self.reason = reason
        self._span.set_attribute("longtake.outcome", result)
        if reason:
            self._span.set_attribute("error.type", reason)
            self._span.set_status(StatusCode.ERROR)


class DeliverySpan:
    """The span of an attempt to deliver an event to a webhook."""

    def __init__(self, span: Span) -> None:
        self._span = span

    def ended(self, failure: str, status: int | None) -> None:
        """Record the end.

        Args:
            failure: Why it failed, in lower case; empty if it did not.
            status: The status of the answer, None for no answer.

        """
        if status is not None:
            self._span.set_attribute("http.response.status_code", status)
        if failure:
            self._span.set_attribute("error.type", failure)
            self._span.set_status(StatusCode.ERROR)


def http_outcome(method: str, route: str, status: int) -> dict[str, str | int]:
    """Return how a request of HTTP ended, as attributes; `error.type` if the server is at fault."""
    outcome: dict[str, str | int] = {
        "http.request.method": method,
        "http.response.status_code": status,
    }
    if route:
        outcome["http.route"] = route
    if status >= _SERVER_FAULT:
        outcome["error.type"] = str(status)
    return outcome


class Spans:
    """Makes spans. Without a provider they record nothing."""

    def __init__(self, provider: TracerProvider | None) -> None:
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=provider)

    def serve(self, method: str, sent: TraceContext) -> AbstractContextManager[Span]:
        """Return the span of a call that is served, as a context manager.

        Args:
            method: `package.Service/Method`.
            sent: The trace context that the caller sent.

        """
        return self._tracer.start_as_current_span(
            method,
            sent.parent(),
            SpanKind.SERVER,
            {"rpc.system.name": "grpc", "rpc.method": method},
            record_exception=False,
            set_status_on_exception=False,
        )

    def served(self, span: Span, outcome: Mapping[str, str | int], operation: str) -> None:
        """Record how a served call ended.

        Args:
            span: The span of the call.
            outcome: `rpc.response.status_code`, and `error.type` if the server is at fault.
            operation: The operation that the call concerns, or an empty string.

        """
        for key, value in outcome.items():
            span.set_attribute(key, value)
        if operation:
            span.set_attribute("longtake.operation", operation)
        if "error.type" in outcome:
            span.set_status(StatusCode.ERROR)

    def serve_http(self, method: str, sent: TraceContext) -> AbstractContextManager[Span]:
        """Return the span of a request of HTTP that is served, as a context manager.

        Args:
            method: The method, upper-case.
            sent: The trace context that the caller sent.

        """
        return self._tracer.start_as_current_span(
            method,
            sent.parent(),
            SpanKind.SERVER,
            {"http.request.method": method},
            record_exception=False,
            set_status_on_exception=False,
        )

    def served_http(self, span: Span, method: str, route: str, status: int, operation: str) -> None:
        """Record how a request of HTTP ended.

        Args:
            span: The span of the request.
            method: The method, upper-case.
            route: The route that served it, or an empty string.
            status: The status of the response.
            operation: The operation that the request concerns, or an empty string.

        """
        span.update_name(f"{method} {route}".strip())
        self.served(span, http_outcome(method, route, status), operation)

    @contextmanager
    def submission(self, generation: Generation) -> Iterator[CallSpan]:
        """Make the span of a submission, with the attributes of generative AI."""
        attributes = {
            "gen_ai.operation.name": "generate_content",
            "gen_ai.provider.name": generation.provider,
            "gen_ai.request.model": generation.model,
            "gen_ai.response.model": generation.served_model,
            "gen_ai.output.type": "video",
        }
        with self._upstream_call("longtake.submit", generation, attributes) as span:
            yield span

    @contextmanager
    def poll(self, generation: Generation) -> Iterator[CallSpan]:
        """Make the span of a poll."""
        with self._upstream_call("longtake.poll", generation, {}) as span:
            yield span

    @contextmanager
    def webhook_delivery(
        self, event_type: str, operation: str, parent: TraceContext
    ) -> Iterator[DeliverySpan]:
        """Make the span of an attempt to deliver an event.

        Args:
            event_type: What the event tells.
            operation: The operation that it is about, empty for none.
            parent: The trace of the call that created the operation.

        """
        attributes = {"longtake.event": event_type}
        if operation:
            attributes["longtake.operation"] = operation
        with self._tracer.start_as_current_span(
            "longtake.webhook",
            parent.parent(),
            SpanKind.CLIENT,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield DeliverySpan(span)

    @contextmanager
    def _upstream_call(
        self, name: str, generation: Generation, attributes: Mapping[str, str]
    ) -> Iterator[CallSpan]:
        common = {
            "longtake.operation": generation.operation,
            "longtake.upstream": generation.upstream,
        }
        with self._tracer.start_as_current_span(
            name,
            generation.trace.parent(),
            SpanKind.CLIENT,
            {**common, **attributes},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield CallSpan(span)

    def operation(
        self,
        name: str,
        parent: TraceContext,
        period: tuple[float, float],
        state: str,
        reason: str,
    ) -> None:
        """Make the span of an operation that has ended, from its acceptance to its end.

        Args:
            name: The name of the operation.
            parent: The trace of the call that created it.
            period: When it was accepted and when it ended, in seconds since 1970.
            state: The state in which it ended.
            reason: Why it failed, empty if it did not.

        """
        began, ended = (round(moment * _NANOSECONDS) for moment in period)
        span = self._tracer.start_span(
            "longtake.operation",
            parent.parent(),
            attributes={"longtake.operation": name, "longtake.state": state},
            start_time=began,
        )
        if reason:
            span.set_attribute("error.type", reason)
            span.set_status(StatusCode.ERROR)
        span.end(ended)
