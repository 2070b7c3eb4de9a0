# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Computes the events of a watch of many operations. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Change, Filter


@dataclass(frozen=True, slots=True)
class Changed:
    """An operation changed. `position` is None before the initial set is complete."""

    record: OperationRecord
    position: int | None


@dataclass(frozen=True, slots=True)
class Gone:
    """An operation was deleted or expired. `position` is as in Changed."""

    name: str
    position: int | None


@dataclass(frozen=True, slots=True)
class InitialSetComplete:
    """All operations that existed when the watch began have been sent."""

    position: int


@dataclass(frozen=True, slots=True)
class StillWatching:
    """No operation has changed for a while."""

    position: int


StoreEvent = Changed | Gone | InitialSetComplete | StillWatching


class View:
    """Decides which changes a filtered watch reports, including operations that stop matching.

    It remembers only operations that have not ended, since only they can stop matching.

    Args:
        wanted: The filter.
        resumed: Whether the watch resumes an earlier one. Then an operation that does not match
            and has not been seen yet may have matched earlier, so its change is reported.
    """

    def __init__(self, wanted: Filter, *, resumed: bool) -> None:
        self._wanted = wanted
        self._in_any_state = replace(wanted, states=frozenset())
        self._resumed = resumed
        self._matching: set[str] = set()
        self._others: set[str] = set()

    def event(self, change: Change) -> Changed | Gone | None:
        """Return the event for a change, or None if the change is not reported."""
        record, name = change.record, change.name
        if record is None:
            self._forget(name)
            return Gone(name, change.position) if self._wanted.is_of(change.caller) else None
        matches = self._wanted.matches(record)
        reported = matches or self._may_have_matched(record)
        self._forget(name)
        if not record.done:
            (self._matching if matches else self._others).add(name)
        return Changed(record, change.position) if reported else None

    def _may_have_matched(self, record: OperationRecord) -> bool:
        if record.name in self._matching:
            return True
        unknown = self._resumed and record.revision > 1 and record.name not in self._others
        return unknown and self._in_any_state.matches(record)

    def _forget(self, name: str) -> None:
        self._matching.discard(name)
        self._others.discard(name)
