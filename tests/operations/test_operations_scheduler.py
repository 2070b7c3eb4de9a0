# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Polls are timed by the durations of earlier generations, also after a restart."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import State, StoredVideo
from longtake_server.operations.polling.latencies import Latencies
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.store import Kind
from longtake_server.operations.upstream import Finished, Running

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.upstream import PollResult

DONE = Finished((StoredVideo("key"),))
SECONDS = 60.0


class TimedUpstream(ScriptedUpstream):
    """An upstream whose generations take a minute."""

    def __init__(self, clock: FakeClock, generations: int) -> None:
        super().__init__(submissions=[f"up/{number}" for number in range(generations)])
        self._clock = clock
        self._ends: dict[str, float] = {}

    async def poll(self, operation: str, upstream_operation: str) -> PollResult:
        self.polled.append(operation)
        return DONE if self._clock.monotonic() >= self._ends[operation] else Running()

    def starts(self, operation: str) -> None:
        self._ends[operation] = self._clock.monotonic() + SECONDS


async def generate(parts: Engine, upstream: TimedUpstream) -> tuple[int, float]:
    """Run a generation, and return its number of polls and the delay of the last one."""
    before = len(upstream.polled)
    name = (await parts.accept()).name
    upstream.starts(name)
    started = parts.clock.monotonic()
    while (due := await parts.driver.step(name)) is not None:
        parts.clock.advance((due - parts.clock.now()).total_seconds())
    return len(upstream.polled) - before, parts.clock.monotonic() - started - SECONDS


async def test_polls_become_few_and_news_soon(tmp_path: Path) -> None:
    clock = FakeClock()
    upstream = TimedUpstream(clock, 41)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        first_polls, _ = await generate(parts, upstream)
        for _ in range(39):
            await generate(parts, upstream)
        polls, delay = await generate(parts, upstream)
        assert polls < first_polls
        assert polls <= 4
        assert 0 <= delay < 2


async def test_what_was_learned_outlives_the_process(tmp_path: Path) -> None:
    clock = FakeClock()
    upstream, upstream_again = TimedUpstream(clock, 30), TimedUpstream(clock, 1)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        for _ in range(30):
            await generate(parts, upstream)
        ((kind, pairs),) = (await parts.store.latencies()).items()
        assert kind == Kind("scripted", "veo-3.1-generate-001", "720p", 8)
        assert Latencies.restored(pairs).median() == pytest.approx(SECONDS, rel=0.03)
    async with engine(tmp_path, upstream_again, clock=clock, pacing=Pacing()) as parts:
        polls, delay = await generate(parts, upstream_again)
        assert polls <= 5
        assert 0 <= delay < 2


async def test_callers_are_told_when_it_is_likely_to_end(tmp_path: Path) -> None:
    clock = FakeClock()
    upstream = TimedUpstream(clock, 7)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        first = (await parts.accept()).name
        upstream.starts(first)
        await parts.driver.step(first)
        assert (await parts.ledger.get(first)).estimated_finish_time is None
        for _ in range(5):
            await generate(parts, upstream)
        name = (await parts.accept()).name
        upstream.starts(name)
        await parts.driver.step(name)
        record = await parts.ledger.get(name)
        assert record.estimated_finish_time is not None
        assert record.submit_time is not None
        estimate = record.estimated_finish_time - record.submit_time
        assert estimate.total_seconds() == pytest.approx(SECONDS, rel=0.2)


async def test_an_end_while_nobody_looked_teaches_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    upstream = TimedUpstream(clock, 1)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        name = (await parts.accept()).name
        upstream.starts(name)
        await parts.driver.step(name)
    clock.advance(timedelta(hours=1).total_seconds() - 1)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        assert await parts.driver.step(name) is None
        assert (await parts.ledger.get(name)).state is State.SUCCEEDED
        assert await parts.store.latencies() == {}


async def test_a_hint_makes_an_end_certain_until_the_poll(tmp_path: Path) -> None:
    clock = FakeClock()
    upstream = TimedUpstream(clock, 1)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        name = (await parts.accept()).name
        upstream.starts(name)
        await parts.driver.step(name)
        clock.advance(1.0)
        assert parts.poll_scheduler.chance_of_end(name) < 0.1
        assert await parts.service.hint("up/0")
        assert parts.poll_scheduler.chance_of_end(name) == 1.0
        await parts.driver.step(name)
        assert parts.poll_scheduler.chance_of_end(name) < 0.1


async def test_a_deleted_operation_is_forgotten(tmp_path: Path) -> None:
    clock = FakeClock()
    upstream = TimedUpstream(clock, 1)
    async with engine(tmp_path, upstream, clock=clock, pacing=Pacing()) as parts:
        name = (await parts.accept()).name
        upstream.starts(name)
        await parts.driver.step(name)
        clock.advance(1.0)
        assert parts.poll_scheduler.chance_of_end(name) < 1.0
        await parts.service.delete(name, ANYONE)
        assert parts.poll_scheduler.chance_of_end(name) == 1.0
