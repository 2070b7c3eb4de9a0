# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What replicas tell each other although nobody stores it, as short texts. No I/O.

All of it may be lost: it is told again, or found a little later in the store.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

from longtake_server.operations.breaker import Outage
from longtake_server.operations.model import Code, Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

LONGEST_TEXT = 7900
"""The most bytes of a text. PostgreSQL takes 7,999."""

# A name takes about 40 bytes of a text, and a poll about 60.
_NAMES_IN_A_TEXT = 150
_POLLS_IN_A_TEXT = 100
_MOST_NAMES = 20_000
_LONGEST_MESSAGE = 500
_ENVELOPE_BYTES = 500
_PREFIX = "operations/"


@dataclass(slots=True)
class Notices:
    """News of one replica for the others, or of another one for this.

    Attributes:
        watched: Queued operations that have watchers.
        ended: Running operations that are reported to have ended.
        work_is_due: Whether work was made due earlier.
        polled: When operations were last polled.
        outages: For each upstream that was called, its outage, or None if it answers.
    """

    watched: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    work_is_due: bool = False
    polled: dict[str, datetime] = field(default_factory=dict)
    outages: dict[str, Outage | None] = field(default_factory=dict)


class Outbox:
    """Collects the news of this replica. What exceeds its bounds is dropped.

    Attributes:
        filled: Set when there is news that should not wait.

    """

    def __init__(self) -> None:
        self.filled = asyncio.Event()
        self._notices = Notices()

    def take(self) -> Notices:
        """Return what has been collected since the last call."""
        self.filled.clear()
        taken, self._notices = self._notices, Notices()
        return taken

    def watched(self, name: str) -> None:
        """Note that a queued operation got its first watcher."""
        self._add(self._notices.watched, name)

    def ended(self, name: str) -> None:
        """Note that a running operation is reported to have ended."""
        self._add(self._notices.ended, name)

    def work_is_due(self) -> None:
        """Note that work was made due earlier."""
        self._notices.work_is_due = True
        self.filled.set()

    def polled(self, name: str, time: datetime) -> None:
        """Note a poll. It may wait."""
        if len(self._notices.polled) < _MOST_NAMES:
            self._notices.polled[name] = time

    def _add(self, names: set[str], name: str) -> None:
        if len(names) < _MOST_NAMES:
            names.add(name)
        self.filled.set()


def texts(replica: str, notices: Notices) -> Iterator[str]:
    """Yield the texts that say all this, each of at most LONGEST_TEXT bytes.

    Args:
        replica: The name of this replica.
        notices: The news. Without any, the one text only says that the replica is there.

    """
    is_told = False
    for message in _messages(notices):
        is_told = True
        yield _text(replica, message)
    if not is_told:
        yield _text(replica, {})


def _messages(notices: Notices) -> Iterator[dict[str, object]]:
    for names in _chunks(notices.watched, _NAMES_IN_A_TEXT):
        yield {"watched": [_short(name) for name in names]}
    for names in _chunks(notices.ended, _NAMES_IN_A_TEXT):
        yield {"ended": [_short(name) for name in names]}
    for names in _chunks(notices.polled, _POLLS_IN_A_TEXT):
        yield {"polled": {_short(name): notices.polled[name].timestamp() for name in names}}
    for upstream, outage in notices.outages.items():
        yield {"outages": {upstream: None if outage is None else _outage_fields(outage)}}
    if notices.work_is_due:
        yield {"work_is_due": True}


def _chunks(names: Collection[str], size: int) -> Iterator[list[str]]:
    left = iter(names)
    while chunk := list(islice(left, size)):
        yield chunk


def _text(replica: str, message: Mapping[str, object]) -> str:
    return json.dumps({"from": replica, **message}, separators=(",", ":"))


def _outage_fields(outage: Outage) -> dict[str, object]:
    failure = outage.failure
    fields: dict[str, object] = {
        "code": failure.code.name,
        "reason": failure.reason,
        "message": failure.message[:_LONGEST_MESSAGE],
        "retry_time": outage.retry_time.timestamp(),
    }
    details = {
        "metadata": dict(failure.metadata),
        "details": [b64encode(detail).decode() for detail in failure.details],
    }
    # Escaped, a message takes up to 6,000 bytes.
    is_short = len(json.dumps(fields | details)) < LONGEST_TEXT - _ENVELOPE_BYTES
    return fields | details if is_short else fields


def read(text: str) -> tuple[str, Notices]:
    """Return the replica that sent a text, and its news. Unknown fields are left out.

    Raises:
        ValueError: It is no such text.

    """
    try:
        message: dict[str, Any] = json.loads(text)
        return str(message["from"]), Notices(
            watched={_long(name) for name in message.get("watched", ())},
            ended={_long(name) for name in message.get("ended", ())},
            work_is_due=bool(message.get("work_is_due")),
            polled={_long(name): _time(at) for name, at in message.get("polled", {}).items()},
            outages={
                upstream: None if fields is None else _outage(fields)
                for upstream, fields in message.get("outages", {}).items()
            },
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ValueError("it is not a notice of a replica") from error


def _outage(fields: Mapping[str, Any]) -> Outage:
    failure = Failure(
        Code[fields["code"]],
        fields["reason"],
        fields["message"],
        fields.get("metadata", {}),
        tuple(b64decode(detail) for detail in fields.get("details", ())),
    )
    return Outage(failure, _time(fields["retry_time"]))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _short(name: str) -> str:
    return name.removeprefix(_PREFIX)


def _long(name: str) -> str:
    return f"{_PREFIX}{name}"
