# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Gives the memory of watchers who left back to the system.

The C library keeps what is freed for itself, and it keeps nearly all that a large crowd of
watchers took. `malloc_trim` gives it back; only glibc has it, and elsewhere nothing is done.
"""

from __future__ import annotations

import asyncio
import ctypes
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.clock import Clock

_BETWEEN_LOOKS_SECONDS = 5.0
# Fewer are not worth the pause: a trim walks the whole heap.
_CROWD = 500


class MemoryReturner:
    """Trims the heap some seconds after many watchers have left.

    Args:
        watches: Returns how many watches are open.
        clock: Time.
        trim: Gives free memory back. Blocks, and is called in a thread.

    """

    def __init__(
        self, watches: Callable[[], int], clock: Clock, trim: Callable[[], None] | None = None
    ) -> None:
        self._watches = watches
        self._clock = clock
        self._trim = trim or _trim_heap

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        most = 0
        while True:
            await self._clock.sleep(_BETWEEN_LOOKS_SECONDS)
            now = self._watches()
            most = max(most, now)
            if most - now >= _CROWD:
                await asyncio.to_thread(self._trim)
                most = now


def _trim_heap() -> None:
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
