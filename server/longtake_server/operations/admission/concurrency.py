# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How many generations of each caller are in progress, and how many may be. Does no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


class Concurrency:
    """Counts the granted, submitted and running operations of each caller against its limit.

    The limits are a copy of those in the store. While any limit exists, a caller whose limit is not
    known yet may not start: the next step of the dispatcher reads it.
    """

    def __init__(self) -> None:
        self._in_progress: dict[str, set[str]] = {}
        self._limits: Mapping[str, int | None] | None = None

    def begin(self, caller: str, name: str) -> None:
        """Count an operation from now on."""
        self._in_progress.setdefault(caller, set()).add(name)

    def end(self, caller: str, name: str) -> None:
        """Stop counting an operation."""
        names = self._in_progress.get(caller)
        if names is not None:
            names.discard(name)
            if not names:
                del self._in_progress[caller]

    @property
    def callers(self) -> Collection[str]:
        """The callers with operations in progress."""
        return self._in_progress.keys()

    def may_start(self, caller: str) -> bool:
        """Return whether one more operation of a caller may start."""
        if self._limits is None:
            return True
        if caller not in self._limits:
            return False
        limit = self._limits[caller]
        return limit is None or len(self._in_progress.get(caller, ())) < limit

    def knows(self, callers: Collection[str]) -> bool:
        """Return whether the limits of all these callers are known."""
        return self._limits is None or all(caller in self._limits for caller in callers)

    def replace(self, limits: Mapping[str, int | None] | None) -> bool:
        """Replace the copy of the limits, and return whether it changed.

        Args:
            limits: The limit of each caller with operations, None for no limit. None if
                no caller has a limit.

        """
        changed = limits != self._limits
        self._limits = limits
        return changed
