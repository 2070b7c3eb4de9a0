# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Acknowledged writes survive the end of the process, however it ends."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.errors import OperationNotFound, StartFailure
from longtake_server.operations.accounting import Usage
from longtake_server.operations.model import State
from longtake_server.operations.results.usage import usage_of
from longtake_server.storage.sqlite import SqliteStore
from storage.storage_records import at

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator

_CHILD = Path(__file__).with_name("storage_child.py")
_LINES_BEFORE_THE_KILL = 400


@asynccontextmanager
async def _child(task: str, path: Path, largest: int = 0) -> AsyncIterator[Process]:
    """Run a process that has the store open; kill it on exit."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_CHILD),
        task,
        str(path),
        str(largest),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(_CHILD.parent.parent)},
    )
    try:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"open\n"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _lines(process: Process, most: int | None = None) -> list[list[str]]:
    """Read a number of lines, or all lines until the process ends."""
    assert process.stdout is not None
    lines: list[list[str]] = []
    while most is None or len(lines) < most:
        line = await process.stdout.readline()
        if not line.endswith(b"\n"):
            break
        lines.append(line.decode().split(maxsplit=1))
    return lines


async def test_a_killed_process_has_stored_all_that_it_answered(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    async with _child("write", path) as process:
        lines = await _lines(process, _LINES_BEFORE_THE_KILL)
        process.kill()
        lines += await _lines(process)
    store = await SqliteStore.open(path, FakeClock())
    try:
        for verb, name in lines:
            record = await store.get(name.strip())
            assert verb != "updated" or record.state is State.RUNNING
            assert (await store.get_request(record.name)).prompt
        # A write that was not acknowledged is complete or absent.
        stored = await store.changes(0, 10_000)
        assert len({change.name for change in stored}) == len(stored)
        assert await store.next_due(at(0)) is not None
        sums = Usage()
        for change in stored:
            assert change.record is not None
            sums += usage_of(change.record)
        assert list((await store.usage(date.min, date.max)).values()) == [sums]
        taken = await store.take("me", at(0), at(60), 10_000)
        assert {work.name for work in taken} == {change.name for change in stored}
    finally:
        await store.close()


async def test_the_store_is_one_processs_until_that_dies(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    async with _child("hold", path) as process:
        with pytest.raises(StartFailure, match="in use by another server") as refused:
            await SqliteStore.open(path, FakeClock())
        assert str(path) in str(refused.value)
        process.kill()
        await process.wait()
        store = await SqliteStore.open(path, FakeClock())
        await store.close()


async def test_a_disk_that_takes_no_more_loses_nothing_that_was_answered(tmp_path: Path) -> None:
    path = tmp_path / "longtake.db"
    async with _child("fill", path, largest=2_000_000) as process:
        lines = await _lines(process)
        assert await process.wait() == 0
    created = [name.strip() for verb, name in lines if verb == "created"]
    said = {verb: rest.strip() for verb, rest in lines}
    assert created
    assert said["cause"] in {"the disk is full", "the disk has an input/output error"}
    assert said["position"] == str(len(created))
    store = await SqliteStore.open(path, FakeClock())
    try:
        for name in created:
            assert (await store.get_request(name)).prompt
        with pytest.raises(OperationNotFound):
            await store.get(said["refused"])
    finally:
        await store.close()
