# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Renders in child processes, so that the event loop and the GIL stay free."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, TypeVar

from veo_simulator.errors import GoogleError

if TYPE_CHECKING:
    from collections.abc import Callable

    from veo_simulator.scene import Clip, Scene

Given = TypeVar("Given")
Made = TypeVar("Made")


class Renderers:
    """A pool of processes, which start on demand.

    Args:
        processes: The number of scenes that are rendered at the same time.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool = self._new_pool()

    async def render(self, scene: Scene) -> bytes:
        """Return the MP4 of a scene.

        Raises:
            UnreadableMedia: An input of the scene is not an image or a video.
            GoogleError: Two processes died in turn while working on it.

        """
        return await self._run(_render, scene)

    async def measure(self, video: bytes) -> Clip:
        """Return the size and the length of a video.

        Raises:
            UnreadableMedia: The data is not a video.
            GoogleError: Two processes died in turn while working on it.

        """
        return await self._run(_measure, video)

    async def _run(self, work: Callable[[Given], Made], given: Given) -> Made:
        for _ in range(2):
            pool = self._pool
            try:
                return await asyncio.get_running_loop().run_in_executor(pool, work, given)
            except BrokenProcessPool:
                if pool is self._pool:
                    pool.shutdown(wait=False)
                    self._pool = self._new_pool()
        raise GoogleError("INTERNAL", "The process that worked on the video died twice.")

    def close(self) -> None:
        """Kill the processes and drop their work."""
        processes = list((self._pool._processes or {}).values())  # noqa: SLF001 - no public way before 3.14
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def _new_pool(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._processes, spawn, initializer=_initialize)


def _render(scene: Scene) -> bytes:
    # Imported only in the workers: the codecs take memory and time to load.
    from veo_simulator.rendering import render

    return render(scene)


def _measure(video: bytes) -> Clip:
    from veo_simulator.media import measure

    return measure(video)


def _initialize() -> None:
    """Ignore Ctrl-C, and end when the parent ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)
