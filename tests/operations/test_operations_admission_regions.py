# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Another region serves what one has no quota for, also after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes.clock import FakeClock
from fakes.engine import MODEL, engine
from fakes.upstream import ScriptedUpstream
from google.protobuf.duration_pb2 import Duration
from longtake_server.errors import UpstreamUnavailable
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.model import Code, Failure, State, StoredVideo
from longtake_server.operations.upstream import Finished, NotNow
from operations.operations_admitted import quotas, step_until_none_goes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.upstream import PollResult

HOME, AWAY = "scripted", "scripted@europe-west4"
BUSY = NotNow(Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded"), 30.0)
DONE = Finished((StoredVideo("key"),))


def home(*submissions: str | Exception, polls: Sequence[PollResult] = ()) -> ScriptedUpstream:
    return ScriptedUpstream(submissions=submissions, polls=polls)


def away(*submissions: str | Exception, polls: Sequence[PollResult] = ()) -> ScriptedUpstream:
    return ScriptedUpstream(submissions=submissions, polls=polls, name=AWAY)


async def accept(parts: Engine, caller: str = "") -> OperationRecord:
    """Accept an operation one millisecond after the previous one."""
    parts.clock.advance(0.001)
    return await parts.accept(caller)


async def where(parts: Engine, records: Sequence[OperationRecord]) -> list[tuple[str, str]]:
    """Return the region and the first letter of the state of each operation."""
    found = [await parts.ledger.get(record.name) for record in records]
    return [(record.upstream, record.state.name[0]) for record in found]


async def test_the_next_region_serves_it_at_once(tmp_path: Path) -> None:
    async with engine(tmp_path, home(BUSY), elsewhere=[away("up/1", "up/2")]) as parts:
        first = await parts.accept()
        await step_until_none_goes(parts)
        record = await parts.ledger.get(first.name)
        assert (record.upstream, record.state, record.attempts) == (AWAY, State.RUNNING, 2)
        assert record.served_model == MODEL
        # During the backoff of the first region, the next operation is not tried there.
        second = await parts.accept()
        await step_until_none_goes(parts)
        assert await where(parts, [second]) == [(AWAY, "R")]


async def test_where_all_regions_refuse_it_waits_and_goes_to_the_first_that_opens(
    tmp_path: Path,
) -> None:
    shut = NotNow(BUSY.failure, 10.0)
    async with engine(tmp_path, home(BUSY), elsewhere=[away(shut, "up/1")]) as parts:
        accepted = await parts.accept()
        await step_until_none_goes(parts)
        assert await where(parts, [accepted]) == [(AWAY, "Q")]
        parts.clock.advance(10)
        await step_until_none_goes(parts)
        assert await where(parts, [accepted]) == [(AWAY, "R")]


async def test_a_place_that_comes_free_in_another_region_wakes_who_waits(tmp_path: Path) -> None:
    elsewhere = [away("up/2", "up/3", polls=[DONE])]
    catalogue = quotas(tmp_path, max_concurrent=1)
    async with engine(tmp_path, home("up/1"), elsewhere=elsewhere, catalogue=catalogue) as parts:
        accepted = [await accept(parts) for _ in range(3)]
        await step_until_none_goes(parts)
        assert await where(parts, accepted) == [(HOME, "R"), (AWAY, "R"), (HOME, "Q")]
        parts.admission.changed.clear()
        await parts.driver.step(accepted[1].name)
        assert parts.admission.changed.is_set()
        await step_until_none_goes(parts)
        assert await where(parts, accepted) == [(HOME, "R"), (AWAY, "S"), (AWAY, "R")]


async def test_a_place_that_comes_free_elsewhere_while_an_operation_is_stored_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = [away("up/2", polls=[DONE])]
    catalogue = quotas(tmp_path, max_concurrent=1)
    async with engine(tmp_path, home("up/1"), elsewhere=elsewhere, catalogue=catalogue) as parts:
        accepted = [await accept(parts) for _ in range(2)]
        await step_until_none_goes(parts)
        create = parts.store.create

        async def store_late(*arguments: Any) -> Any:
            await parts.driver.step(accepted[1].name)
            return await create(*arguments)

        monkeypatch.setattr(parts.store, "create", store_late)
        parts.admission.changed.clear()
        await accept(parts)
        assert parts.admission.changed.is_set()


async def test_a_region_that_does_not_answer_is_tried_again(tmp_path: Path) -> None:
    down = NotNow(Failure(Code.UNAVAILABLE, "ATTEMPTS_EXHAUSTED", "down"))
    async with engine(tmp_path, home(down, "up/1"), elsewhere=[away()]) as parts:
        accepted = await parts.accept()
        await step_until_none_goes(parts)
        assert await where(parts, [accepted]) == [(HOME, "Q")]
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        assert await where(parts, [accepted]) == [(HOME, "R")]


async def test_what_one_region_has_no_place_for_another_takes(tmp_path: Path) -> None:
    catalogue = quotas(tmp_path, max_concurrent=1)
    at_home, abroad = home("up/1", "up/3", polls=[DONE]), away("up/2")
    async with engine(tmp_path, at_home, elsewhere=[abroad], catalogue=catalogue) as parts:
        records = [await accept(parts) for _ in range(3)]
        await step_until_none_goes(parts)
        assert await where(parts, records) == [(HOME, "R"), (AWAY, "R"), (HOME, "Q")]
        parts.clock.advance(0.5)
        await parts.driver.step(records[0].name)
        await step_until_none_goes(parts)
        assert await where(parts, records) == [(HOME, "S"), (AWAY, "R"), (HOME, "R")]


async def test_a_turn_in_another_region_is_a_turn(tmp_path: Path) -> None:
    catalogue = quotas(tmp_path, max_concurrent=1)
    at_home, abroad = home("up/1", "up/4", polls=[DONE]), away("up/2", "up/3", polls=[DONE])
    async with engine(tmp_path, at_home, elsewhere=[abroad], catalogue=catalogue) as parts:
        ann = [await accept(parts, "ann") for _ in range(4)]
        bob = await accept(parts, "bob")
        await step_until_none_goes(parts)
        assert await where(parts, ann[:3]) == [(HOME, "R"), (AWAY, "R"), (HOME, "Q")]
        await parts.driver.step(ann[1].name)
        await step_until_none_goes(parts)
        assert await where(parts, ann[1:3]) == [(AWAY, "S"), (AWAY, "R")]
        # So bob is next, although all of ann's operations are older.
        await parts.driver.step(ann[0].name)
        await step_until_none_goes(parts)
        assert await where(parts, [bob, ann[3]]) == [(HOME, "R"), (HOME, "Q")]


async def test_a_restart_goes_on_where_it_was_submitted(tmp_path: Path) -> None:
    clock = FakeClock()
    async with engine(tmp_path, home(BUSY), elsewhere=[away("up/1")], clock=clock) as parts:
        accepted = await parts.accept()
        await step_until_none_goes(parts)
    abroad = away(polls=[DONE])
    async with engine(tmp_path, home(), elsewhere=[abroad], clock=clock) as parts:
        assert await parts.driver.step(accepted.name) is None
        assert abroad.polled == [accepted.name]
        assert await where(parts, [accepted]) == [(AWAY, "S")]


async def test_a_region_that_is_not_set_up_any_more_holds_what_runs_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = FakeClock()
    shut = NotNow(BUSY.failure, 10.0)
    async with engine(tmp_path, home(BUSY), elsewhere=[away("up/1", shut)], clock=clock) as parts:
        running, waiting = [await accept(parts) for _ in range(2)]
        await step_until_none_goes(parts)
        assert await where(parts, [running, waiting]) == [(AWAY, "R"), (AWAY, "Q")]
    clock.advance(60)
    async with engine(tmp_path, home("up/2"), clock=clock) as parts:
        due = await parts.driver.step(running.name)
        assert due is not None
        assert due > clock.now()
        assert "not configured" in caplog.text
        await parts.driver.step(waiting.name)
        await parts.driver.step(waiting.name)
        assert await where(parts, [running, waiting]) == [(AWAY, "R"), (HOME, "R")]
        clock.advance(Limits().generation.total_seconds())
        await parts.driver.step(running.name)
        failure = (await parts.ledger.get(running.name)).failure
        assert failure is not None
        assert failure.reason == "GENERATION_TIMEOUT"


async def test_without_its_upstream_an_operation_ends_when_its_caller_says_so(
    tmp_path: Path,
) -> None:
    clock = FakeClock()
    async with engine(tmp_path, home("up/1"), clock=clock) as parts:
        running = await parts.accept()
        await step_until_none_goes(parts)
        waiting = await parts.accept(queue_timeout=Duration(seconds=10))
    async with engine(tmp_path, ScriptedUpstream(name="another"), clock=clock) as parts:
        assert await parts.driver.step(waiting.name) == waiting.queue_deadline
        clock.advance(10)
        assert await parts.driver.step(waiting.name) is None
        failure = (await parts.ledger.get(waiting.name)).failure
        assert failure is not None
        assert failure.reason == "QUEUE_TIMEOUT"
        await parts.service.cancel(running.name, ANYONE)
        assert await parts.driver.step(running.name) is None
        cancelled = await parts.ledger.get(running.name)
        assert cancelled.state is State.CANCELLED
        assert "may bill" in cancelled.warnings[-1]


async def test_a_video_of_another_region_is_read_by_the_first(tmp_path: Path) -> None:
    clock = FakeClock()
    abroad = away("up/1", polls=[Finished((StoredVideo("gs://bucket/one.mp4"),))])
    async with engine(tmp_path, home(BUSY), elsewhere=[abroad], clock=clock) as parts:
        accepted = await parts.accept()
        await step_until_none_goes(parts)
        await parts.driver.step(accepted.name)
    at_home = ScriptedUpstream(video=b"a video")
    async with (
        engine(tmp_path, at_home, clock=clock) as parts,
        parts.service.download(accepted.name, ANYONE, 0, 0, None) as download,
    ):
        assert b"".join([chunk async for chunk in download.chunks]) == b"a video"
    other = ScriptedUpstream(name="another")
    async with engine(tmp_path, other, clock=clock) as parts:
        with pytest.raises(UpstreamUnavailable, match="it is not configured"):
            async with parts.service.download(accepted.name, ANYONE, 0, 0, None):
                pass
