# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Time as a parameter, so that tests turn it by hand."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """What the server knows of time. Nothing else reads a clock or sleeps."""

    def now(self) -> datetime:
        """Return the wall-clock time, in UTC. It may step backwards."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start. Never steps backwards."""

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds; at once for zero or less."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Return the wall-clock time, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return the machine's monotonic time in seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await asyncio.sleep(seconds)
