# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Parses names, tokens, filters and limits of requests. Each error names its field."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.errors import InvalidRequest, OffsetPastEnd, Violation
from longtake_server.operations.model import State
from longtake_server.operations.results.addresses import Disposition
from longtake_server.operations.store import Filter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from google.protobuf.duration_pb2 import Duration

_OPERATION = re.compile(r"operations/[a-zA-Z0-9_-]{1,64}")
_VIDEO = re.compile(r"(operations/[a-zA-Z0-9_-]{1,64})/videos/(0|[1-9][0-9]{0,5})")
_MODEL = re.compile(r"models/[a-zA-Z0-9._-]{1,128}")
_COMPARISON = re.compile(
    r"""(state|done|model|labels\.[A-Za-z0-9_-]{1,63})\s*=\s*("[^"]*"|[^\s"]+)"""
)
_AND = re.compile(r"\s+AND\s+")
_FILTER_FORM = (
    "accepted are comparisons joined by AND: state = RUNNING, done = true, "
    'model = "veo-3.1-generate-001", labels.key = "value"'
)

# The most that an operation can have.
_MOST_LABELS = 64
_DEFAULT_PAGE, _LARGEST_PAGE = 50, 1000
_DEFAULT_HEARTBEAT, _SHORTEST_HEARTBEAT, _LONGEST_HEARTBEAT = 30.0, 1.0, 300.0
_DEFAULT_WAIT, _LONGEST_WAIT = 60.0, 300.0
# Time for the response to reach the caller before its deadline.
_DEADLINE_MARGIN = 0.5


def invalid(field: str, description: str) -> InvalidRequest:
    """Return the error for one invalid field."""
    return InvalidRequest([Violation(field, description)])


def operation_name(name: str) -> str:
    """Return the name of an operation. Raises InvalidRequest if it is malformed."""
    if not _OPERATION.fullmatch(name):
        raise invalid("name", "accepted is operations/{id}")
    return name


def video_name(name: str) -> tuple[str, int]:
    """Split the name of a video into operation and index. Raises InvalidRequest."""
    if not (match := _VIDEO.fullmatch(name)):
        raise invalid("name", "accepted is operations/{id}/videos/{index}, index from 0")
    return match[1], int(match[2])


def model_name(name: str) -> str:
    """Return the name of a model. Raises InvalidRequest if it is malformed."""
    if not _MODEL.fullmatch(name):
        raise invalid("name", "accepted is models/{model}")
    return name


def page_size(size: int, default: int = _DEFAULT_PAGE) -> int:
    """Return the number of rows of a page. Raises InvalidRequest."""
    if size < 0:
        raise invalid("page_size", f"{size} is negative; accepted are 0 to {_LARGEST_PAGE}")
    return min(size or default, _LARGEST_PAGE)


def page_token(cursor: str, *query: str) -> str:
    """Return the token of the page at the cursor, valid for this query only.

    Args:
        cursor: Where the page begins.
        query: What the page belongs to: the principal, and the fields of the request.

    """
    return base64.urlsafe_b64encode(f"{_digest(query)}:{cursor}".encode()).decode()


def page_cursor(token: str, *query: str) -> str | None:
    """Return the cursor in a token, or None for the first page. Raises InvalidRequest."""
    if not token:
        return None
    try:
        content = base64.urlsafe_b64decode(token.encode("ascii")).decode()
    except ValueError as error:
        raise wrong_page_token() from error
    digest, _, cursor = content.partition(":")
    if digest != _digest(query) or not cursor:
        raise wrong_page_token()
    return cursor


def wrong_page_token() -> InvalidRequest:
    """Return the error for a page token of another query."""
    return invalid(
        "page_token",
        "it belongs to another query; accepted is the next_page_token of the previous page",
    )


def operation_filter(text: str) -> Filter:
    """Parse a filter.

    Raises:
        InvalidRequest: The filter is malformed or contradicts itself.

    """
    wanted = Filter()
    text = text.strip()
    at = 0
    # Each match is anchored, so that the time is linear in the length of the text.
    while at < len(text):
        comparison = _COMPARISON.match(text, at)
        if comparison is None:
            raise _unclear(text[at:])
        wanted = _restrict(wanted, comparison[1], comparison[2].strip('"'))
        at = comparison.end()
        if at < len(text):
            joint = _AND.match(text, at)
            if joint is None:
                raise _unclear(text[at:])
            at = joint.end()
    return wanted


def _unclear(part: str) -> InvalidRequest:
    return invalid("filter", f"{part[:80]!r} is not understood; {_FILTER_FORM}")


def _restrict(wanted: Filter, field: str, value: str) -> Filter:
    if field == "model":
        model = value.removeprefix("models/")
        if wanted.model not in (None, model):
            raise _nothing_left(field)
        return replace(wanted, model=model)
    if field.startswith("labels."):
        labels = dict(wanted.labels)
        if labels.setdefault(field.removeprefix("labels."), value) != value:
            raise _nothing_left(field)
        if len(labels) > _MOST_LABELS:
            raise invalid("filter", f"it has {len(labels)} labels; accepted are {_MOST_LABELS}")
        return replace(wanted, labels=tuple(labels.items()))
    states = _states(field, value)
    both = states & wanted.states if wanted.states else states
    if not both:
        raise _nothing_left("state and done")
    return replace(wanted, states=both)


def _nothing_left(fields: str) -> InvalidRequest:
    return invalid("filter", f"its conditions on {fields} contradict each other")


def _states(field: str, value: str) -> frozenset[State]:
    if field == "done":
        if value not in ("true", "false"):
            raise invalid("filter", f"done = {value[:80]!r}; accepted are true and false")
        return frozenset(state for state in State if state.done is (value == "true"))
    if value not in State.__members__:
        accepted = ", ".join(State.__members__)
        raise invalid("filter", f"state = {value[:80]!r}; accepted are {accepted}")
    return frozenset({State[value]})


def after_revision(revision: int) -> int:
    """Return the revision that the caller has. Raises InvalidRequest."""
    if revision < 0:
        raise invalid("after_revision", f"{revision} is negative; accepted are 0 and more")
    return revision


def heartbeat_seconds(interval: Duration | None) -> float:
    """Return the heartbeat interval of a watch in seconds. Raises InvalidRequest."""
    if interval is None:
        return _DEFAULT_HEARTBEAT
    seconds = _seconds(interval, "heartbeat_interval")
    return min(max(seconds, _SHORTEST_HEARTBEAT), _LONGEST_HEARTBEAT)


def wait_seconds(timeout: Duration | None, time_remaining: float | None) -> float:
    """Return how many seconds a call may wait within its deadline. Raises InvalidRequest."""
    seconds = _DEFAULT_WAIT if timeout is None else _seconds(timeout, "timeout")
    seconds = min(seconds, _LONGEST_WAIT)
    if time_remaining is not None:
        seconds = min(seconds, max(0.0, time_remaining - _DEADLINE_MARGIN))
    return seconds


def lifetime_seconds(lifetime: Duration | None) -> int | None:
    """Return the lifetime of an address in seconds, None for the default. Raises InvalidRequest."""
    return None if lifetime is None else int(_seconds(lifetime, "lifetime"))


def disposition(value: int) -> Disposition:
    """Return what a browser does with a video. Raises InvalidRequest."""
    known = {0: Disposition.INLINE, 1: Disposition.INLINE, 2: Disposition.ATTACHMENT}
    if value not in known:
        raise invalid("disposition", f"{value} is not known; accepted are INLINE and ATTACHMENT")
    return known[value]


def _seconds(duration: Duration, field: str) -> float:
    seconds = duration.seconds + duration.nanos / 1e9
    if seconds < 0:
        raise invalid(field, f"{seconds:g} seconds is negative; accepted are 0 and more")
    return seconds


def read_range(offset: int, limit: int) -> tuple[int, int | None]:
    """Return the offset of a download and the maximum number of bytes, None for all.

    Raises:
        OffsetPastEnd: The offset is negative.
        InvalidRequest: The limit is negative.

    """
    if limit < 0:
        raise invalid("read_limit", f"{limit} is negative; accepted are 0, for all, and more")
    if offset < 0:
        raise OffsetPastEnd(offset)
    return offset, limit or None


def _digest(query: Sequence[str]) -> str:
    return hashlib.sha256(repr(query).encode()).hexdigest()[:16]
