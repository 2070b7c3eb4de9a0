# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides what the C library does with memory that was freed: keep it, or give it back.

For chunks of videos it gives back too much: each is given back and taken anew, page by page.
Of what a large crowd of watchers took it keeps nearly all. Only glibc can be told otherwise,
and elsewhere nothing is done.
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

_BETWEEN_LOOKS_SECONDS = 1.0
# Fewer are not worth the pause: a trim walks the whole heap.
_CROWD = 500

# The parameters of mallopt, from glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
# A download has up to a dozen chunks of a mebibyte under way. Larger objects are rare.
_KEPT_FREE_BYTES, _LARGE_BYTES = 12 << 20, (1 << 20) + (64 << 10)


class MemoryReturner:
    """Trims the heap when many watchers have left and no more are leaving.

    Args:
        watches: Returns how many watches are open.
        clock: Time.
        forget: These drop what can be made anew: a small object that outlives a crowd holds the
            whole page on which it lies.
        trim: Gives free memory back. Blocks, and is called in a thread.

    """

    def __init__(
        self,
        watches: Callable[[], int],
        clock: Clock,
        forget: Sequence[Callable[[], None]],
        trim: Callable[[], None],
    ) -> None:
        self._watches = watches
        self._clock = clock
        self._forget = forget
        self._trim = trim

    async def run(self) -> None:
        """Look again and again, until cancelled."""
        most = before = 0
        while True:
            await self._clock.sleep(_BETWEEN_LOOKS_SECONDS)
            now = self._watches()
            most = max(most, now)
            if most - now >= _CROWD and now >= before:
                for forget in self._forget:
                    forget()
                # What is left in cycles holds pages, and nothing else may collect it for long.
                gc.collect()
                await asyncio.to_thread(self._trim)
                most = now
            before = now


def keep_chunks() -> None:
    """Have the C library keep some mebibytes that are free, but nothing of large objects.

    And in one arena for all threads: what one of them frees is what the next one takes, and a
    trim gives back the free end of that arena only. To be called before there are threads.
    """
    option = getattr(ctypes.CDLL(None), "mallopt", None)
    if option is not None:
        option(_ARENA_MAX, 1)
        option(_TRIM_THRESHOLD, _KEPT_FREE_BYTES)
        option(_MMAP_THRESHOLD, _LARGE_BYTES)


def forget_attribute_names() -> None:
    """Have the interpreter forget which attributes were looked up last.

    Its cache of them holds up to 4096 names. An extension that calls a method by its name makes
    a new string for each call, so that after a crowd thousands of pages have one of them.
    """
    clear = getattr(sys, "_clear_type_cache", None)
    if clear is not None:
        clear()


def trim_heap() -> None:
    """Have the C library give back what is free."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
