# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Logs, traces and metrics. This file defines the names of all metrics.

Without an OTLP endpoint the no-ops of the OpenTelemetry API are used and nothing is
collected. Names, sizes and outcomes are recorded, prompts and media never.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from opentelemetry.context import Context
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import Span, TracerProvider

_SCOPE = "longtake_server"
_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
# UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE and DATA_LOSS: OpenTelemetry
# counts these against a server, and the other gRPC codes against the caller.
_SERVER_FAULTS = frozenset({2, 4, 12, 13, 14, 15})
_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

OPERATIONS_ACCEPTED = "longtake.operations.accepted"
OPERATIONS_FINISHED = "longtake.operations.finished"
OPERATION_DURATION = "longtake.operation.duration"
UPSTREAM_SUBMISSIONS = "longtake.upstream.submissions"
UPSTREAM_POLLS = "longtake.upstream.polls"
UPSTREAM_ANSWERING = "longtake.upstream.answering"
WATCHES = "longtake.watches"
CERTIFICATE_EXPIRY = "longtake.certificate.expiry"
BUDGET_THRESHOLDS = "longtake.budget.thresholds"


class Telemetry:
    """Records what the server does, as spans and metrics."""

    def __init__(
        self,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
    ) -> None:
        self.tracer_provider = tracer_provider
        self._tracer = trace.get_tracer(_SCOPE, tracer_provider=tracer_provider)
        meter = metrics.get_meter(_SCOPE, meter_provider=meter_provider)
        self._meter = meter
        self._accepted = meter.create_counter(OPERATIONS_ACCEPTED, "{operation}")
        self._finished = meter.create_counter(OPERATIONS_FINISHED, "{operation}")
        self._duration = meter.create_histogram(OPERATION_DURATION, "s")
        self._submissions = meter.create_counter(UPSTREAM_SUBMISSIONS, "{submission}")
        self._polls = meter.create_counter(UPSTREAM_POLLS, "{poll}")
        self._thresholds = meter.create_counter(BUDGET_THRESHOLDS, "{threshold}")

    def watch_count(self, count: Callable[[], int]) -> None:
        """Report the number of open watches whenever metrics are collected."""

        def observe(_: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
            yield metrics.Observation(count())

        self._meter.create_observable_gauge(WATCHES, [observe], "{watch}")

    def upstreams_answering(self, answering: Callable[[], Mapping[str, bool]]) -> None:
        """Report 1 for each upstream that answers, 0 for one that does not."""

        def observe(_: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
            for upstream, answers in answering().items():
                yield metrics.Observation(int(answers), {"upstream": upstream})

        self._meter.create_observable_gauge(UPSTREAM_ANSWERING, [observe], "1")

    def certificate_expiry(self, expiry: Callable[[], float]) -> None:
        """Report when the TLS certificate expires, as Unix time in seconds.

        A time does not depend on when it is collected, as the seconds that are left do.
        """

        def observe(_: metrics.CallbackOptions) -> Iterator[metrics.Observation]:
            yield metrics.Observation(expiry())

        self._meter.create_observable_gauge(CERTIFICATE_EXPIRY, [observe], "s")

    def accepted(self, model: str) -> None:
        """Count an accepted operation."""
        self._accepted.add(1, {"model": model})

    def finished(self, model: str, state: str, seconds: float) -> None:
        """Count an ended operation and record the seconds since its acceptance."""
        self._finished.add(1, {"model": model, "state": state})
        self._duration.record(seconds, {"model": model, "state": state})

    def budget_threshold(self, measure: str, percent: int) -> None:
        """Count a budget of which a share is spent or reserved: of `cost` or of `seconds`."""
        self._thresholds.add(1, {"measure": measure, "percent": percent})

    def serve(self, method: str, metadata: Mapping[str, str]) -> AbstractContextManager[Span]:
        """Return the span of a call that is served, as a context manager.

        Args:
            method: `/package.Service/Method`.
            metadata: The call's; `traceparent` and `tracestate` make the span part of the
                caller's trace.

        """
        service, _, name = method.removeprefix("/").partition("/")
        attributes = {"rpc.system": "grpc", "rpc.service": service, "rpc.method": name}
        return self._tracer.start_as_current_span(
            f"{service}/{name}",
            _PROPAGATOR.extract(metadata),
            SpanKind.SERVER,
            attributes,
            record_exception=False,
            set_status_on_exception=False,
        )

    def served(self, span: Span, code: int, operation: str) -> None:
        """Record how a served call ended: its gRPC code, and its operation or an empty string."""
        span.set_attribute("rpc.grpc.status_code", code)
        if operation:
            span.set_attribute("longtake.operation", operation)
        if code in _SERVER_FAULTS:
            span.set_status(StatusCode.ERROR)

    @contextmanager
    def submission(self, operation: str, upstream: str, traceparent: str) -> Iterator[CallSpan]:
        """Trace and count a submission, as part of the caller's trace."""
        with self._call("longtake.submit", operation, upstream, traceparent) as span:
            yield span
        self._submissions.add(1, {"upstream": upstream, "outcome": span.result})

    @contextmanager
    def poll(self, operation: str, upstream: str, traceparent: str) -> Iterator[CallSpan]:
        """Trace and count a poll, as part of the caller's trace."""
        with self._call("longtake.poll", operation, upstream, traceparent) as span:
            yield span
        self._polls.add(1, {"upstream": upstream, "outcome": span.result})

    @contextmanager
    def _call(
        self, name: str, operation: str, upstream: str, traceparent: str
    ) -> Iterator[CallSpan]:
        attributes = {"longtake.operation": operation, "longtake.upstream": upstream}
        with self._tracer.start_as_current_span(
            name, _context(traceparent), attributes=attributes
        ) as span:
            yield CallSpan(span)


class CallSpan:
    """The span of a call to the upstream.

    Attributes:
        result: The outcome of the call; `failed` until `outcome` is called.
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self.result = "failed"

    def outcome(self, result: str) -> None:
        """Record the outcome of the call, in one or two lower-case words."""
        self.result = result
        self._span.set_attribute("longtake.outcome", result)


def _context(traceparent: str) -> Context:
    return _PROPAGATOR.extract({"traceparent": traceparent} if traceparent else {})


def traceparent_of(metadata: Mapping[str, str]) -> str:
    """Return the W3C traceparent to keep with an operation, or an empty string.

    The current span takes precedence over the caller's own header, because with
    tracing on it is a child of it.
    """
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    found = carrier.get("traceparent") or metadata.get("traceparent", "")
    return found if _TRACEPARENT.fullmatch(found) else ""


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line of JSON, with the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(
            (key, value) for key, value in vars(record).items() if key not in _STANDARD_FIELDS
        )
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Formats a log record as a line of text, with the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = " ".join(
            f"{key}={value}" for key, value in vars(record).items() if key not in _STANDARD_FIELDS
        )
        return f"{super().format(record)} {fields}".rstrip()


def set_up_logging(level: str, style: str) -> None:
    """Send logs to standard error, in the style `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        JsonFormatter()
        if style == "json"
        else TextFormatter("%(asctime)s %(levelname)s %(message)s")
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Spans record each request to the upstream; httpx would log its URL too.
    logging.getLogger("httpx").setLevel(logging.WARNING)
