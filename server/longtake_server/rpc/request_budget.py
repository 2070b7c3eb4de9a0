# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits the bytes of all requests that the server handles at the same time."""

from __future__ import annotations

from longtake_server.errors import TooManyRequestBytes


class RequestBudget:
    """Counts the bytes of requests in flight, from their arrival to the end of their calls.

    Use it only on the event loop.

    Args:
        max_bytes: The largest sum of the bytes of all requests in flight.

    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._held = 0

    def take(self, size: int) -> None:
        """Count a request of `size` bytes. A single request always fits.

        Raises:
            TooManyRequestBytes: The sum would exceed the limit; nothing was counted.

        """
        if self._held and self._held + size > self._max_bytes:
            raise TooManyRequestBytes(self._max_bytes)
        self._held += size

    def give_back(self, size: int) -> None:
        """Stop counting a request that `take` has counted."""
        self._held -= size
