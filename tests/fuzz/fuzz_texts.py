# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Targets that parse texts of requests: names, filters, tokens, positions, trace contexts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fuzz.fuzz_outcome import Finding, Target, outcome_of, refusal
from fuzz.fuzz_reader import Reader
from google.protobuf.duration_pb2 import Duration
from longtake_server.errors import LongtakeError
from longtake_server.rpc import requests
from longtake_server.rpc.positions import Positions
from longtake_server.telemetry.traces import context_to_keep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_QUERY = ("orders", "done = true")
_KEY = b"0123456789abcdef" * 4
_POSITION = 7
_OPERATION = b"operations/01936d3c-0000-7000-8000-000000000000"
_TRACEPARENT = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
_LONGEST_STATE = 512
_READERS: tuple[Callable[[str], object], ...] = (
    requests.operation_name,
    requests.video_name,
    requests.model_name,
)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _name(data: bytes) -> str:
    reader = Reader(data)
    parse = _READERS[reader.number(len(_READERS))]
    return outcome_of(lambda: parse(_text(reader.rest())))


def _filter(data: bytes) -> str:
    return outcome_of(lambda: requests.operation_filter(_text(data)))


def _page_token(data: bytes) -> str:
    reader = Reader(data)
    if reader.number(2):
        token = _text(reader.rest())
        return outcome_of(lambda: requests.page_cursor(token, *_QUERY))
    # A token of ours, but of another query: no cursor may come out of it.
    token = requests.page_token(reader.text(), "billing", reader.text())
    try:
        cursor = requests.page_cursor(token, *_QUERY)
    except LongtakeError as error:
        return refusal(error)
    raise Finding(f"the cursor {cursor!r} of another query was accepted")


def _position(data: bytes) -> str:
    token = _text(data)
    try:
        known = Positions(_KEY, "orders").position(token)
    except LongtakeError as error:
        return refusal(error)
    # The seed was sealed with this key, and nobody can make a token of another position.
    if known not in (None, _POSITION):
        raise Finding(f"the position {known} was forged")
    if known and outcome_of(lambda: Positions(_KEY, "billing").position(token)) == "OK":
        raise Finding("another caller's position was accepted")
    return "OK"


def _number(data: bytes) -> str:
    reader = Reader(data)
    duration = Duration()
    reader.fill(duration, {})
    offset, limit = (int.from_bytes(reader.take(8), "big", signed=True) for _ in range(2))
    checks: tuple[Callable[[], object], ...] = (
        lambda: requests.heartbeat_seconds(duration),
        lambda: requests.wait_seconds(duration, 60.0),
        lambda: requests.read_range(offset, limit),
        lambda: requests.page_size(offset),
        lambda: requests.after_revision(offset),
    )
    return outcome_of(checks[reader.number(len(checks))])


def _trace_context(data: bytes) -> str:
    parent, separator, state = _text(data).partition("\n")
    sent = [("traceparent", parent), *([("tracestate", state)] if separator else [])]
    kept = context_to_keep(sent)
    if kept.traceparent not in ("", parent):
        raise Finding(f"another trace context was kept: {kept!r}")
    if len(kept.tracestate) > _LONGEST_STATE or not kept.tracestate.isprintable():
        raise Finding(f"the state of vendors was kept as {kept.tracestate!r}")
    return "OK" if kept.traceparent else "IGNORED"


def _of(
    once: Callable[[bytes], str],
) -> Callable[[Path], Iterator[Callable[[bytes], str]]]:
    def opened(_: Path) -> Iterator[Callable[[bytes], str]]:
        yield once

    return opened


def _target(name: str, share: float, once: Callable[[bytes], str], *seeds: bytes) -> Target:
    return Target(name, share, seeds, contextmanager(_of(once)))


TEXTS = (
    _target(
        "names", 0.1, _name, b"\x00" + _OPERATION, b"\x01" + _OPERATION + b"/videos/3",
        b"\x02models/veo-3.1-generate-001",
    ),
    _target(
        "filters", 0.12, _filter, b"state = RUNNING AND labels.team = \"a b\"",
        b'model = "veo-3.1-generate-001" AND done = true', b"labels.a = b AND labels.c = d",
    ),
    _target(
        "page tokens", 0.08, _page_token,
        b"\x01" + requests.page_token("2026-01-01 operations/a", *_QUERY).encode(),
        b"\x00\x04operations/\x04aaaa",
    ),
    _target(
        "positions", 0.06, _position, Positions(_KEY, "orders").token(_POSITION).encode(), b"AAAA",
    ),
    _target("numbers", 0.05, _number, bytes(range(64)), bytes(range(255, 128, -1))),
    _target("trace contexts", 0.05, _trace_context, _TRACEPARENT, _TRACEPARENT + b"\na=1,b@c=2"),
)  # fmt: skip
