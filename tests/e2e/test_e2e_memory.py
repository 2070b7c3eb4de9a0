# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server returns memory to the OS after a burst of watchers or of calls."""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.memory import MemoryReturner, forget_attribute_names
from processes.running import server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class Crowd:
    """Fakes the numbers of watches and free bytes, and records what the returner does."""

    def __init__(self) -> None:
        self.watches = 0
        self.free = 0
        self.done: list[str] = []
        self.trimmed = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def forget(self) -> None:
        self.done.append("forget")

    def trim(self) -> None:
        self.done.append("trim")
        self._loop.call_soon_threadsafe(self.trimmed.set)


async def looks(clock: FakeClock, crowd: Crowd, *watches: int) -> None:
    """Let the returner check once at each number of watches."""
    for number in watches:
        await clock.sleeping()
        crowd.watches = number
        clock.advance(1.0)
    await clock.sleeping()


@contextlib.asynccontextmanager
async def returning(clock: FakeClock, crowd: Crowd) -> AsyncIterator[None]:
    returner = MemoryReturner(
        lambda: crowd.watches, lambda: crowd.free, clock, [crowd.forget], crowd.trim
    )
    task = asyncio.create_task(returner.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_heap_is_trimmed_once_a_crowd_has_left() -> None:
    clock, crowd = FakeClock(), Crowd()
    async with returning(clock, crowd):
        await looks(clock, crowd, 1000, 2000, 900, 100)
        assert crowd.done == []
        await looks(clock, crowd, 100)
        await crowd.trimmed.wait()
        assert crowd.done == ["forget", "trim"]
        await looks(clock, crowd, 100, 0, 0)
        assert crowd.done == ["forget", "trim"]


async def test_a_few_that_leave_are_no_crowd() -> None:
    clock, crowd = FakeClock(), Crowd()
    async with returning(clock, crowd):
        await looks(clock, crowd, 400, 0, 0, 0)
        assert crowd.done == []


async def heap_checks(clock: FakeClock, crowd: Crowd, *free: int) -> None:
    """Let the returner read the heap once for each number of free MiB, every ten seconds."""
    for number in free:
        await clock.sleeping()
        crowd.free = number << 20
        for _ in range(10):
            await clock.sleeping()
            clock.advance(1.0)
    await clock.sleeping()


async def test_the_heap_is_trimmed_once_what_a_burst_of_calls_used_stays_free() -> None:
    clock, crowd = FakeClock(), Crowd()
    crowd.free = 5 << 20
    async with returning(clock, crowd):
        await heap_checks(clock, crowd, 5, 90, 7, 80)
        assert crowd.done == []
        await heap_checks(clock, crowd, 85)
        await crowd.trimmed.wait()
        assert crowd.done == ["forget", "trim"]
        # The C library counts returned memory as free.
        await heap_checks(clock, crowd, 85, 90, 90, 99, 99)
        assert crowd.done == ["forget", "trim"]
        await heap_checks(clock, crowd, 20, 40, 40)
        assert crowd.done == ["forget", "trim"] * 2


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has these statistics")
def test_what_was_freed_is_seen_in_the_heap() -> None:
    before, after = told("""
from longtake_server.memory import free_heap_bytes
taken = [bytes(1000) for _ in range(100_000)]
print(free_heap_bytes())
kept = bytes(1000)
del taken
print(free_heap_bytes())
""").split()
    assert int(after) - int(before) > 90_000_000


def told(program: str) -> str:
    """Run a program with the system's allocator, and return its output."""
    environment = {**os.environ, "PYTHONMALLOC": "malloc"}
    ended = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, check=True, text=True
    )
    return ended.stdout


ONLY_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")


@ONLY_GLIBC
@pytest.mark.parametrize("kept", [False, True])
def test_all_threads_take_from_one_arena(tmp_path: Path, kept: bool) -> None:
    arenas = tmp_path / "arenas"
    told(f"""
import ctypes, threading
from longtake_server.memory import keep_chunks
if {kept}:
    keep_chunks()
meeting = threading.Barrier(3)
def take():
    meeting.wait()
    taken = bytes(100_000)
    meeting.wait()
threads = [threading.Thread(target=take) for _ in range(3)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
library = ctypes.CDLL(None)
library.fopen.restype = ctypes.c_void_p
file = ctypes.c_void_p(library.fopen({str(arenas)!r}.encode(), b"w"))
library.malloc_info(0, file)
library.fclose(file)
""")
    assert (arenas.read_text().count("<heap nr=") == 1) is kept


@ONLY_GLIBC
def test_a_trim_gives_back_what_lies_below_something_that_is_kept() -> None:
    before, after = told("""
from longtake_server.memory import trim_heap
def resident():
    with open("/proc/self/statm") as pages:
        return int(pages.read().split()[1])
taken = [bytes(1000) for _ in range(100_000)]
kept = bytes(1000)
del taken
print(resident())
trim_heap()
print(resident())
""").split()
    assert int(after) < int(before) / 2


def test_a_name_that_was_looked_up_is_not_kept() -> None:
    # Created at run time, as extensions create names.
    name = "".join(["looked", "_", "up"])
    once = sys.getrefcount(name)
    assert not hasattr(object, name)
    assert sys.getrefcount(name) > once
    forget_attribute_names()
    assert sys.getrefcount(name) == once


@pytest.mark.parametrize(("said", "used"), [(None, "malloc"), ("pymalloc", "pymalloc")])
async def test_the_server_runs_on_the_systems_allocator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str | None, used: str
) -> None:
    if said is None:
        monkeypatch.delenv("PYTHONMALLOC", raising=False)
    else:
        monkeypatch.setenv("PYTHONMALLOC", said)
    async with server(tmp_path) as longtake:
        await longtake.start()
        environment = longtake.process.environment()
    assert environment["PYTHONMALLOC"] == used
