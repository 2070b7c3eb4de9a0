# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Replicas tell each other what is not stored: watchers, hints, polls and outages."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.engine import engine, principal
from fakes.upstream import ScriptedUpstream
from longtake_server.operations.breaker import Outage
from longtake_server.operations.model import Code, Failure, State
from longtake_server.operations.neighbours import Neighbours
from longtake_server.operations.notices import LONGEST_TEXT, Notices, Outbox, read, texts
from longtake_server.operations.upstream import Running
from operations.operations_admitted import quotas, step_until_none_goes

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine
    from fakes.shared import SharedStore

ANYONE = principal("")
FAILURE = Failure(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "no answer", {"upstream": "one"})


def neighbours(parts: Engine) -> Neighbours:
    return Neighbours(parts.election._ports, parts.election)


async def test_a_watcher_at_another_replica_gets_the_position_in_the_queue(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    catalogue = quotas(tmp_path, max_concurrent=1)
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with (
        engine(
            tmp_path, upstream, clock=clock, shared=store, replica="one", catalogue=catalogue
        ) as one,
        engine(tmp_path, clock=clock, shared=store, replica="two", catalogue=catalogue) as two,
    ):
        here, there = neighbours(one), neighbours(two)
        accepted = [await one.accept(), await one.accept()]
        await step_until_none_goes(one)
        records = [await store.get(record.name) for record in accepted]
        (waiting,) = (record for record in records if record.state is State.QUEUED)
        watch = await two.service.watch(waiting.name, ANYONE, 0, 1000.0)
        await anext(watch)
        await there.step()
        await one.dispatcher.step()
        assert (await store.get(waiting.name)).queue_position == 1
        await watch.aclose()
        # Nobody repeats it.
        clock.advance(31.0)
        await here.step()
        assert not one.topics.is_any_watched


async def test_a_watched_operation_is_told_again_to_the_next_engine(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with (
        engine(tmp_path, clock=clock, shared=store, replica="one") as one,
        engine(tmp_path, clock=clock, shared=store, replica="two") as two,
        engine(tmp_path, clock=clock, shared=store, replica="three") as three,
    ):
        there, third = neighbours(two), neighbours(three)
        record = await one.accept()
        watch = two.watching.watch(record.name, 0, 1000.0)
        await anext(watch)
        await there.step()
        assert three.topics.is_watched(record.name)
        clock.advance(25.0)
        await there.step()
        clock.advance(25.0)
        await third.step()
        assert three.topics.is_watched(record.name)
        await watch.aclose()


async def test_a_hint_and_a_cancellation_reach_the_engine_at_once(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"], polls=[Running()])
    async with (
        engine(tmp_path, upstream, clock=clock, shared=store, replica="one") as one,
        engine(tmp_path, clock=clock, shared=store, replica="two") as two,
    ):
        neighbours(one)
        there = neighbours(two)
        record = await one.accept()
        due = await one.driver.step(record.name)
        (work,) = await store.take("test", clock.now(), clock.now(), 1)
        assert due is not None
        await store.again(work, due)
        running = asyncio.create_task(one.runner.run())
        await clock.sleeping()
        assert await two.service.hint("up/1")
        await there.step()
        await upstream.poll_begun.wait()
        one.runner.stop()
        await running


async def test_an_outage_is_told_by_the_engine_until_it_ends(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with (
        engine(tmp_path, clock=clock, shared=store, replica="one") as one,
        engine(tmp_path, clock=clock, shared=store, replica="two") as two,
    ):
        here, there = neighbours(one), neighbours(two)
        record = await one.accept()
        await there.step()
        one.core.breakers.unanswered(record.upstream, record.name, FAILURE, surely=True)
        await here.step()
        at_one, at_two = [await parts.service.get(record.name, ANYONE) for parts in (one, two)]
        assert at_two.last_refusal is not None
        assert at_two == at_one
        assert two.outages == [(record.upstream, FAILURE)]
        one.core.breakers.answered(record.upstream)
        await here.step()
        assert two.outages[1:] == [(record.upstream, None)]
        assert (await two.service.get(record.name, ANYONE)).last_refusal is None


async def test_an_outage_that_nobody_tells_any_more_is_forgotten(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with engine(tmp_path, clock=clock, shared=store, replica="one") as one:
        two = await _standby(tmp_path, store, clock)
        there = neighbours(two)
        (upstream,) = two.election._ports.upstreams
        outage = Outage(FAILURE, clock.now() + timedelta(seconds=2))
        for text in texts("one", Notices(outages={upstream: outage, "unknown": outage})):
            there.hear(text)
        record = await one.accept()
        assert two.election.outage(record) == outage
        clock.advance(31.0)
        await there.step()
        assert two.election.outage(record) is None
        assert two.outages == [(upstream, FAILURE), (upstream, None)]


async def _standby(tmp_path: Path, store: SharedStore, clock: FakeClock) -> Engine:
    async with engine(tmp_path, clock=clock, shared=store, replica="two") as two:
        return two


async def test_heartbeats_of_another_replica_have_the_time_of_the_last_poll(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"], polls=[Running()])
    async with (
        engine(tmp_path, upstream, clock=clock, shared=store, replica="one") as one,
        engine(tmp_path, clock=clock, shared=store, replica="two") as two,
    ):
        here, there = neighbours(one), neighbours(two)
        await there.step()
        record = await one.accept()
        await one.driver.step(record.name)
        with two.topics.watching(record.name) as topic:
            polled = clock.now()
            await one.driver.step(record.name)
            await here.step()
            assert topic.last_poll_time == polled


async def test_an_engine_without_other_replicas_tells_nothing(
    tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    heard: list[str] = []
    store.on_told(heard.append)
    upstream = ScriptedUpstream(submissions=["up/1"], polls=[Running()])
    async with engine(tmp_path, upstream, clock=clock, shared=store, replica="one") as one:
        here = neighbours(one)
        record = await one.accept()
        await one.driver.step(record.name)
        await one.driver.step(record.name)
        assert (await store.get(record.name)).state is State.RUNNING
        await here.step()
    assert heard == []


def test_texts_are_short_and_say_everything() -> None:
    names = [f"operations/01a22377-1b8e-7a81-8f7d-{number:012}" for number in range(2000)]
    time = FakeClock().now()
    shouting = Failure(Code.UNAVAILABLE, "UPSTREAM_UNAVAILABLE", "\N{PILE OF POO}" * 5000)
    detailed = Failure(Code.UNAVAILABLE, "QUOTA", "no", {"a": "b"}, (b"\xff" * 100,))
    told = Notices(
        watched=set(names),
        ended=set(names[:400]),
        work_is_due=True,
        polled=dict.fromkeys(names, time),
        outages={"one": Outage(shouting, time), "two": Outage(detailed, time), "three": None},
    )
    heard = Notices()
    for text in texts("host:1:" + "f" * 32, told):
        assert len(text.encode()) <= LONGEST_TEXT
        replica, news = read(text)
        assert replica == "host:1:" + "f" * 32
        heard.watched |= news.watched
        heard.ended |= news.ended
        heard.work_is_due = heard.work_is_due or news.work_is_due
        heard.polled |= news.polled
        heard.outages |= news.outages
    shortened = heard.outages.pop("one")
    assert shortened is not None
    assert shouting.message.startswith(shortened.failure.message)
    del told.outages["one"]
    assert heard == told


@pytest.mark.parametrize(
    "text",
    ["", "7", "[]", "{}", '{"from":"one","polled":[]}', '{"from":"one","outages":{"a":{}}}'],
)
async def test_a_text_that_cannot_be_read_changes_nothing(
    text: str, tmp_path: Path, store: SharedStore, clock: FakeClock
) -> None:
    async with engine(tmp_path, clock=clock, shared=store, replica="one") as one:
        neighbours(one).hear(text)
        with pytest.raises(ValueError, match="not a notice of a replica"):
            read(text)


def test_a_replica_that_tells_nobody_collects_no_more_than_its_bound() -> None:
    outbox = Outbox()
    time = FakeClock().now()
    for number in range(30_000):
        outbox.watched(str(number))
        outbox.ended(str(number))
        outbox.polled(str(number), time)
    taken = outbox.take()
    assert {len(taken.watched), len(taken.ended), len(taken.polled)} == {20_000}
    assert outbox.take() == Notices()
