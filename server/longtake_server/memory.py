# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Controls how the C library keeps and returns freed memory.

glibc returns too much after video chunks: it unmaps each one and maps it again, page by page. It
returns too little after a burst: a freed page stays resident while anything above it in the heap is
in use. Only glibc offers these controls; elsewhere the functions here do nothing.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from longtake_server.clock import Clock

_CHECK_INTERVAL_SECONDS = 1.0
# Trimming walks the whole heap, so it must be worth the pause.
_MIN_WATCHES_LEFT = 500
_MIN_FREE_BYTES = 16 << 20
# Reading the heap statistics takes a fraction of a millisecond, so it is not done on every check.
_CHECKS_PER_HEAP_CHECK = 10

# Parameters of mallopt, from glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# A download has up to a dozen 1 MiB chunks in flight. Larger objects are rare.
_KEPT_FREE_BYTES, _LARGE_BYTES = 12 << 20, (1 << 20) + (64 << 10)


class MemoryReturner:
    """Returns freed memory to the OS after a burst of watches or calls.

    There are two triggers. The first is a drop of 500 or more in open watches, once the number no
    longer falls. The second is at least 16 MiB of heap that stays free for ten seconds, whatever
    used it before: large requests, cancelled calls, a connection flood.

    Args:
        watches: Returns the number of open watches.
        free_bytes: Returns the free bytes of the heap, including those already returned.
        clock: The time source.
        forget: Called before a trim to drop caches: a small object that outlives a burst keeps the
            whole page it is on.
        trim: Returns free memory to the OS. Blocks, so it runs in a thread.

    """

    def __init__(
        self,
        watches: Callable[[], int],
        free_bytes: Callable[[], int],
        clock: Clock,
        forget: Sequence[Callable[[], None]],
        trim: Callable[[], None],
    ) -> None:
        self._watches = watches
        self._free_bytes = free_bytes
        self._clock = clock
        self._forget = forget
        self._trim = trim

    async def run(self) -> None:
        """Check every second until cancelled."""
        watches = _WatchesLeft()
        heap = _UnusedHeap(self._free_bytes())
        checks = 0
        while True:
            await self._clock.sleep(_CHECK_INTERVAL_SECONDS)
            checks += 1
            due = watches.left(self._watches())
            if checks % _CHECKS_PER_HEAP_CHECK == 0:
                due = heap.unused(self._free_bytes()) or due
            if due:
                await self._return_memory()
                heap.trimmed(self._free_bytes())

    async def _return_memory(self) -> None:
        for forget in self._forget:
            forget()
        # Reference cycles keep pages in use, and the collector may not run again for a long time.
        gc.collect()
        await asyncio.to_thread(self._trim)


class _WatchesLeft:
    """Detects that many watches have ended and no more are ending."""

    def __init__(self) -> None:
        self._most = self._before = 0

    def left(self, now: int) -> bool:
        """Record the present number of watches, and return whether a trim is due."""
        self._most = max(self._most, now)
        due = self._most - now >= _MIN_WATCHES_LEFT and now >= self._before
        if due:
            self._most = now
        self._before = now
        return due


class _UnusedHeap:
    """Detects heap that was in use, is free, and stays free between two checks.

    glibc counts pages that it has returned as free, so only what was freed since the last trim
    counts here.
    """

    def __init__(self, free: int) -> None:
        self._returned = self._before = free

    def unused(self, free: int) -> bool:
        """Record the present number of free bytes, and return whether a trim is due."""
        stayed_free, self._before = min(free, self._before), free
        self._returned = min(self._returned, free)
        return stayed_free - self._returned >= _MIN_FREE_BYTES

    def trimmed(self, free: int) -> None:
        """Note how many bytes are free right after a trim."""
        self._returned = self._before = free


def keep_chunks() -> None:
    """Keep a few MiB of free heap for video chunks, and share one arena between all threads.

    With one arena, each thread reuses what another one freed, and a trim covers all of the heap.
    Call this before the process starts threads.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_ARENA_MAX, 1)
        option(_TRIM_THRESHOLD, _KEPT_FREE_BYTES)
        option(_MMAP_THRESHOLD, _LARGE_BYTES)


def forget_attribute_names() -> None:
    """Clear the interpreter's cache of attribute lookups.

    It holds up to 4096 names. An extension that calls a method by name creates a new string for
    each call, so after a burst thousands of pages may hold one such string each.
    """
    clear = getattr(sys, "_clear_type_cache", None)
    if clear is not None:
        clear()


def trim_heap() -> None:
    """Return the free pages of the heap to the OS."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class _HeapStatistics(ctypes.Structure):
    """glibc's struct mallinfo2."""

    _fields_ = tuple(
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    )


def free_heap_bytes() -> int:
    """Return the free bytes of the heap, or 0 if the C library does not report them.

    Pages that were returned to the OS count as free.
    """
    statistics = getattr(ctypes.CDLL(None), "mallinfo2", None)
    if statistics is None:
        return 0
    statistics.restype = _HeapStatistics
    free: int = statistics().fordblks
    return free
