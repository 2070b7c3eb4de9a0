# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A hint polls a running operation now, and does nothing else."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import State, StoredVideo
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.upstream import Finished, Running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.upstream import PollResult

DONE = Finished((StoredVideo("key"),))
# The clock of these tests stands still, so that only a hint makes a poll due.
SELDOM = Pacing(300.0, 300.0)


class TellingUpstream(ScriptedUpstream):
    """Says when it was polled."""

    def __init__(self, *polls: PollResult) -> None:
        super().__init__(submissions=["up/1"], polls=polls)
        self.asked = asyncio.Event()

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        self.asked.set()
        return await super().poll(operation, upstream_operation)


@asynccontextmanager
async def running(parts: Engine) -> AsyncIterator[None]:
    task = asyncio.create_task(parts.runner.run())
    try:
        yield
    finally:
        parts.runner.stop()
        await task


async def until(parts: Engine, name: str, state: State) -> int:
    """Return the revision at which the operation is in that state."""
    record = await parts.ledger.get(name)
    while record.state is not state:
        record = await parts.watching.wait(name, record.revision, 1e9)
    return record.revision


async def test_a_hint_polls_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path, TellingUpstream(DONE), pacing=SELDOM) as parts, running(parts):
        name = (await parts.accept()).name
        await until(parts, name, State.RUNNING)
        assert await parts.service.hint("up/1")
        await until(parts, name, State.SUCCEEDED)


async def test_an_early_hint_changes_nothing(tmp_path: Path) -> None:
    upstream = TellingUpstream(Running(), DONE)
    async with engine(tmp_path, upstream, pacing=SELDOM) as parts, running(parts):
        name = (await parts.accept()).name
        revision = await until(parts, name, State.RUNNING)
        assert await parts.service.hint("up/1")
        await upstream.asked.wait()
        assert (await parts.ledger.get(name)).revision == revision
        assert await parts.service.hint("up/1")
        await until(parts, name, State.SUCCEEDED)


async def test_a_hint_after_the_end_does_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path, TellingUpstream(DONE), pacing=SELDOM) as parts, running(parts):
        name = (await parts.accept()).name
        await until(parts, name, State.RUNNING)
        await parts.service.hint("up/1")
        revision = await until(parts, name, State.SUCCEEDED)
        assert not await parts.service.hint("up/1")
        assert (await parts.ledger.get(name)).revision == revision


async def test_a_hint_of_an_unknown_or_deleted_operation_does_nothing(tmp_path: Path) -> None:
    async with engine(tmp_path, TellingUpstream(DONE), pacing=SELDOM) as parts, running(parts):
        name = (await parts.accept()).name
        await until(parts, name, State.RUNNING)
        assert not await parts.service.hint("up/2")
        assert not await parts.service.hint("")
        assert not await parts.service.hint(name)
        await parts.service.hint("up/1")
        await until(parts, name, State.SUCCEEDED)
        await parts.service.delete(name, ANYONE)
        assert not await parts.service.hint("up/1")
