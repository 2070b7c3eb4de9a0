# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Renders in other processes, so that the server's loop and its lock stay free."""

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
    """A pool of processes, each started when there is work for it.

    Args:
        processes: How many scenes are rendered at the same time.
    """

    def __init__(self, processes: int) -> None:
        self._processes = processes
        self._pool = self._new_pool()

    async def render(self, scene: Scene) -> bytes:
        """Return the MP4 of a scene.

        Raises:
            UnreadableMedia: An input of the scene is no image or video.
            GoogleError: Its process died, and another one too.

        """
        return await self._run(_render, scene)

    async def measure(self, video: bytes) -> Clip:
        """Return what a video is.

        Raises:
            UnreadableMedia: It is none.
            GoogleError: The process died that read it, and another one too.

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
        """End the processes at once, with what they render."""
        processes = list((self._pool._processes or {}).values())  # noqa: SLF001 - no public way before 3.14
        self._pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()

    def _new_pool(self) -> ProcessPoolExecutor:
        spawn = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._processes, spawn, initializer=_initialize)


def _render(scene: Scene) -> bytes:
    # Only the workers need the codecs, which take memory and time to load.
    from veo_simulator.rendering import render

    return render(scene)


def _measure(video: bytes) -> Clip:
    from veo_simulator.media import measure

    return measure(video)


def _initialize() -> None:
    """Leave Ctrl-C to the parent, and end with it however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(0)
