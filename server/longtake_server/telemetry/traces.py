# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The W3C trace context: read from a call, kept with an operation, continued by spans."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from opentelemetry.context import Context
    from opentelemetry.trace import Span

_PROPAGATOR = TraceContextTextMapPropagator()
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")
# The specification asks for at least this many characters. A longer one is dropped, not cut.
_LONGEST_STATE = 512


@dataclass(frozen=True, slots=True)
class TraceContext:
    """The place of a call in a trace.

    Attributes:
        traceparent: The W3C traceparent; empty if there is none.
        tracestate: The W3C tracestate, which vendors of tracing add; empty if there is none.
    """

    traceparent: str = ""
    tracestate: str = ""

    def ids(self) -> dict[str, str]:
        """Return `trace_id` and `span_id` in hexadecimal, or nothing if there is no trace."""
        found = _TRACEPARENT.fullmatch(self.traceparent)
        return {"trace_id": found[1], "span_id": found[2]} if found else {}

    def parent(self) -> Context:
        """Return the context in which a child span starts."""
        carrier = {"traceparent": self.traceparent, "tracestate": self.tracestate}
        return _PROPAGATOR.extract({key: value for key, value in carrier.items() if value})


NO_TRACE = TraceContext()
"""The place of what is in no trace."""


def sent_context(metadata: Iterable[tuple[str, str | bytes]]) -> TraceContext:
    """Return the trace context that a caller sent in its metadata. A malformed one is dropped."""
    parents, states = [], []
    for key, value in metadata:
        if key == "traceparent":
            parents.append(value)
        elif key == "tracestate":
            states.append(str(value))
    if len(parents) != 1 or not _TRACEPARENT.fullmatch(parent := str(parents[0])):
        return NO_TRACE
    state = TraceState.from_header(states).to_header() if states else ""
    return TraceContext(parent, state if len(state) <= _LONGEST_STATE else "")


def context_to_keep(metadata: Iterable[tuple[str, str | bytes]]) -> TraceContext:
    """Return the trace context to keep with an operation that the running call creates.

    With tracing on it is that of the current span, which is a child of the caller's own.
    """
    current = trace.get_current_span().get_span_context()
    if not current.is_valid:
        return sent_context(metadata)
    carrier: dict[str, str] = {}
    _PROPAGATOR.inject(carrier)
    return TraceContext(carrier["traceparent"], carrier.get("tracestate", ""))


def ids_of(span: Span) -> dict[str, str]:
    """Return `trace_id` and `span_id` of a span in hexadecimal, or nothing if it has none."""
    context = span.get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
    }
