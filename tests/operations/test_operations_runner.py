# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The runner finds due work, survives a defect in one operation, and stops on request."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.engine import engine
from fakes.media import put
from fakes.upstream import ScriptedUpstream
from longtake_server.errors import (
    OperationExpired,
    OutcomeUnknown,
    StorageUnavailable,
    UpstreamUnavailable,
)
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.engine.retention import Retention
from longtake_server.operations.model import State, StoredVideo
from longtake_server.operations.upstream import Finished, Running
from longtake_server.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.store import Work
    from longtake_server.operations.upstream import VideoReading

LONGEST_NAP_SECONDS = 15.0
DONE = Finished((StoredVideo("key"),))


@asynccontextmanager
async def running(parts: Engine) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(parts.runner.run())
    try:
        yield task
    finally:
        parts.runner.stop()
        await task


async def ended(parts: Engine, name: str) -> State:
    # The waits between polls are short; leases and heartbeats are longer and do not matter here.
    naps = asyncio.create_task(parts.clock.skip_naps(LONGEST_NAP_SECONDS))
    try:
        async for _ in parts.watching.watch(name, 0, 1e9):
            pass
    finally:
        naps.cancel()
    return (await parts.ledger.get(name)).state


async def test_work_is_found_when_it_is_accepted(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[DONE])
    async with engine(tmp_path, script) as parts, running(parts):
        name = (await parts.accept()).name
        assert await ended(parts, name) is State.SUCCEEDED


async def test_work_is_found_after_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        clock = parts.clock
    script = ScriptedUpstream(submissions=["up/1"], polls=[DONE])
    async with engine(tmp_path, script, clock=clock) as parts, running(parts):
        assert await ended(parts, name) is State.SUCCEEDED


async def test_a_defect_of_one_does_not_stop_the_others(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[KeyError("defect"), "up/2"], polls=[DONE])
    async with engine(tmp_path, script) as parts, running(parts) as task:
        await parts.accept()
        await script.submitting.wait()
        name = (await parts.accept()).name
        assert await ended(parts, name) is State.SUCCEEDED
        assert not task.done()


async def test_stopping_waits_for_the_step_under_way(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"])
    script.let_submit.clear()
    async with engine(tmp_path, script) as parts:
        task = asyncio.create_task(parts.runner.run())
        name = (await parts.accept()).name
        await script.submitting.wait()
        parts.runner.stop()
        script.let_submit.set()
        await task
        assert (await parts.ledger.get(name)).state is State.RUNNING


async def test_what_a_deleted_operation_stored_meanwhile_goes_too(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"])
    script.let_submit.clear()
    async with engine(tmp_path, script) as parts, running(parts):
        name = (await parts.accept()).name
        await script.submitting.wait()
        await parts.service.delete(name, ANYONE)
        stored = await put(parts.media, name, 0, b"late")
        script.let_submit.set()
        parts.runner.stop()
    assert not (tmp_path / "media" / stored.location).exists()


async def test_a_copy_for_a_deleted_operation_goes_though_the_next_one_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = Finished((StoredVideo("https://files/0"), StoredVideo("https://files/1")))
    script = ScriptedUpstream(submissions=["up/1"], polls=[both], video=b"video")
    opening, let_open, open_video = asyncio.Event(), asyncio.Event(), script.open_video

    @asynccontextmanager
    async def open_slowly(
        video: StoredVideo, offset: int, limit: int | None
    ) -> AsyncIterator[VideoReading]:
        opening.set()
        await let_open.wait()
        if video.location.endswith("1"):
            raise UpstreamUnavailable("scripted", "it does not answer")
        async with open_video(video, offset, limit) as reading:
            yield reading

    monkeypatch.setattr(script, "open_video", open_slowly)
    async with engine(tmp_path, script, retain=True) as parts, running(parts):
        name = (await parts.accept()).name
        naps = asyncio.create_task(parts.clock.skip_naps(LONGEST_NAP_SECONDS))
        await opening.wait()
        naps.cancel()
        await parts.service.delete(name, ANYONE)
        let_open.set()
        parts.runner.stop()
    assert list((tmp_path / "media").rglob("*.mp4")) == []


@pytest.mark.parametrize("resubmit", [False, True])
async def test_a_step_under_way_is_not_begun_again_when_the_clock_is_set_forward(
    tmp_path: Path, resubmit: bool
) -> None:
    script = ScriptedUpstream(submissions=["up/1", "up/2"])
    script.let_submit.clear()
    async with engine(tmp_path, script) as parts:
        async with running(parts):
            first = await parts.accept(resubmit_if_unknown=resubmit)
            await script.submitting.wait()
            parts.clock.step_back(-120)
            script.submitting.clear()
            # For a new operation the runner also reads the leases.
            second = await parts.accept()
            await script.submitting.wait()
            script.let_submit.set()
            parts.runner.stop()
        states = [(await parts.ledger.get(each.name)).state for each in (first, second)]
        assert states == [State.RUNNING, State.RUNNING]
        assert script.submitted == [first.name, second.name]


async def test_a_step_is_begun_though_the_one_before_has_only_just_given_its_work_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[DONE])
    async with engine(tmp_path, script) as parts:
        give_back, take, taken = parts.store.again, parts.store.take, asyncio.Event()

        async def take_and_tell(
            owner: str, now: datetime, lease_until: datetime, limit: int, *, epoch: int
        ) -> Sequence[Work]:
            works = await take(owner, now, lease_until, limit, epoch=epoch)
            if works:
                asyncio.get_running_loop().call_soon(taken.set)
            return works

        async def give_back_and_see_it_taken(work: Work, _due: datetime) -> None:
            taken.clear()
            await give_back(work, parts.clock.now())
            parts.runner.notify()
            await taken.wait()

        monkeypatch.setattr(parts.store, "take", take_and_tell)
        monkeypatch.setattr(parts.store, "again", give_back_and_see_it_taken)
        async with running(parts):
            name = (await parts.accept()).name
            assert await ended(parts, name) is State.SUCCEEDED


@pytest.mark.parametrize("is_stored", [False, True])
async def test_work_is_given_back_once_the_store_is_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_stored: bool
) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[DONE])
    async with engine(tmp_path, script) as parts:
        give_back, failed = parts.store.again, asyncio.Event()

        async def give_back_at_the_second_attempt(work: Work, due: datetime) -> None:
            if failed.is_set():
                await give_back(work, due)
                return
            failed.set()
            if is_stored:
                await give_back(work, due)
                raise OutcomeUnknown("the answer to a commit was lost")
            raise StorageUnavailable("the database cannot be reached")

        monkeypatch.setattr(parts.store, "again", give_back_at_the_second_attempt)
        async with running(parts):
            name = (await parts.accept()).name
            # The lease of a minute does not run out meanwhile.
            assert await ended(parts, name) is State.SUCCEEDED
        assert failed.is_set()


async def test_a_wake_is_kept_when_the_same_owner_takes_its_work_again(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        now, lease = parts.clock.now(), timedelta(seconds=60)
        [work] = await parts.store.take("test", now, now + lease, 1)
        await parts.store.wake(name, now)
        [again] = await parts.store.take("test", now + lease, now + 2 * lease, 1)
        await parts.store.again(again, now + timedelta(hours=1))
        assert (work.name, await parts.store.next_due(now)) == (again.name, now)


async def test_retention_removes_record_and_videos(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=["up/1"], polls=[Running(), DONE])
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        for _ in range(3):
            await parts.driver.step(name)
        stored = await put(parts.media, name, 0, b"bytes")
        sweep = Retention(
            parts.store, parts.ledger, parts.media, parts.clock, timedelta(days=7), Telemetry()
        )
        assert await sweep.sweep() == 0
        parts.clock.advance(timedelta(days=30).total_seconds())
        assert await sweep.sweep() == 1
        assert not (tmp_path / "media" / stored.location).exists()
        with pytest.raises(OperationExpired):
            await parts.store.get(name)
