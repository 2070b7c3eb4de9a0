# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A damaged or locked database ends the start with one line and exit code 1."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WaitOperationRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from processes.running import Server, Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
REQUEST = GenerateVideosRequest(
    model="veo-3.1-lite-generate-001",
    prompt="a dog [sim:filter]",
    config={"duration_seconds": 4, "resolution": "720p"},
)


@pytest.fixture
async def upstream(tmp_path: Path) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path) as running:
        yield running


@pytest.fixture
async def longtake(tmp_path: Path, upstream: Simulator) -> AsyncIterator[Server]:
    async with server(tmp_path, upstream) as running:
        yield running


async def killed_with_work(longtake: Server) -> str:
    """Kill a server that has accepted an operation, and return the operation's name."""
    stub = await longtake.start()
    name = (await stub.GenerateVideos(REQUEST)).name
    await longtake.process.kill()
    return name


async def refusal(folder: Path) -> str:
    """Start a server that must fail, and return its only error line."""
    environment = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    environment |= {"LONGTAKE_LISTEN": "127.0.0.1:0", "LONGTAKE_DATA_FOLDER": str(folder)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "longtake_server", "serve",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE, env=environment,
    )  # fmt: skip
    output, errors = (text.decode() for text in await process.communicate())
    assert process.returncode == 1, errors
    assert output == ""
    assert "Traceback" not in errors
    lines = [line for line in errors.splitlines() if line.startswith("longtake-server: ")]
    assert len(lines) == 1, errors
    assert str(folder / "longtake.db") in lines[0]
    return lines[0]


def _truncate(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(path.read_bytes()[:-4096])


def _overwrite(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    path.write_bytes(data[:4096] + b"\xa5" * 4096 + data[8192:])


def _make_newer(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA user_version = 999")


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (_truncate, "is damaged: its end is missing; restore it from a backup or move it away"),
        (_overwrite, "is damaged: "),
        (_make_newer, "start the newer server that wrote it"),
    ],
)
async def test_a_database_that_was_spoiled_meanwhile(
    tmp_path: Path, longtake: Server, spoil: Callable[[Path], None], says: str
) -> None:
    await killed_with_work(longtake)
    path = tmp_path / "data" / "longtake.db"
    spoil(path)
    before = path.read_bytes()
    assert says in await refusal(path.parent)
    assert path.read_bytes() == before


async def test_a_database_that_another_program_has_locked(
    tmp_path: Path, upstream: Simulator, longtake: Server
) -> None:
    name = await killed_with_work(longtake)
    path = tmp_path / "data" / "longtake.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert "locked by another program" in await refusal(path.parent)
    stub = await longtake.start()
    operation = await stub.WaitOperation(WaitOperationRequest(name=name))
    assert operation.done
    # The kill may have interrupted the submission.
    if operation.metadata.state == GenerateVideosMetadata.State.SUCCEEDED:
        assert (await upstream.statistics())["submissions_by_prompt"] == {REQUEST.prompt: 1}
    else:
        assert "SUBMISSION_OUTCOME_UNKNOWN" in str(operation.error.details)


async def test_a_database_that_another_server_uses(tmp_path: Path, longtake: Server) -> None:
    await longtake.start()
    assert "is in use by another server" in await refusal(tmp_path / "data")
    assert (await longtake.process.terminate()) == 0
