# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the readers of one principal's videos from taking all connections."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class TooManyReaders(Exception):
    """The videos of the principal have as many readers as one principal may have."""


class Readers:
    """Counts the responses that are being read, by the principal that gave leave to read.

    Args:
        most: The most of each principal. Callers that are not distinguished have no limit.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    @contextmanager
    def one(self, principal: str) -> Iterator[None]:
        """Count a reader from the entry to the exit.

        Raises:
            TooManyReaders: There are too many; nothing was counted.

        """
        if principal and self._open[principal] >= self._most:
            raise TooManyReaders
        self._open[principal] += 1
        try:
            yield
        finally:
            self._open[principal] -= 1
            if not self._open[principal]:
                del self._open[principal]
