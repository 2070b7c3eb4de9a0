# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The trace context that a caller sends is kept if it is well-formed."""

from __future__ import annotations

import pytest
from longtake_server.telemetry.traces import NO_TRACE, TraceContext, context_to_keep, sent_context

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"
PARENT = f"00-{TRACE}-{SPAN}-01"


def test_both_headers_are_kept_without_a_collector() -> None:
    sent = [("traceparent", PARENT), ("tracestate", "a=1"), ("tracestate", "b=2")]
    assert context_to_keep(sent) == TraceContext(PARENT, "a=1,b=2")


def test_the_ids_are_those_of_the_caller() -> None:
    assert TraceContext(PARENT).ids() == {"trace_id": TRACE, "span_id": SPAN}
    assert NO_TRACE.ids() == {}


@pytest.mark.parametrize(
    "parent",
    [
        "",
        "secret",
        PARENT.upper(),
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"{PARENT}\n",
        f"ff-{TRACE}-{SPAN}-01",
    ],
)
def test_a_malformed_traceparent_drops_both(parent: str) -> None:
    assert sent_context([("traceparent", parent), ("tracestate", "a=1")]) == NO_TRACE


def test_two_traceparents_are_none() -> None:
    assert sent_context([("traceparent", PARENT), ("traceparent", PARENT)]) == NO_TRACE


@pytest.mark.parametrize("state", ["a=" + "x" * 600, "no pair", "A B=1"])
def test_a_tracestate_that_is_too_long_or_malformed_is_dropped(state: str) -> None:
    sent = sent_context([("traceparent", PARENT), ("tracestate", state)])
    assert sent == TraceContext(PARENT)
