# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The number of polls against the delay of the last one, on several mixes of latencies.

The server's own poll scheduler times the polls of overlapping generations on a simulated clock. It
starts with nothing learned. The other pollers are computed for the same generations: pollers with a
fixed interval, the best fixed interval for as many polls, and a poller that knows the distribution.
"""

from __future__ import annotations

import asyncio
import heapq
import math
import random
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.clock import SystemClock
from longtake_server.operations.model import OperationRecord, State
from longtake_server.operations.polling.latencies import MIDDLES, Latencies, bucket_of
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.polling.plan import plan_at_price
from longtake_server.operations.polling.scheduler import PollScheduler
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.storage.sqlite import SqliteStore

from benchmarks.latency_mixes import MIXES, Mix
from benchmarks.report import Table, at_most

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake_server.clock import Clock

    from benchmarks.report import Budget


_GENERATIONS = 3000
_BETWEEN_STARTS_SECONDS = 15.0
_FIXED_SECONDS = (5.0, 10.0, 20.0)
_LAW_SAMPLES = 100_000
_START = datetime(2026, 1, 1, tzinfo=UTC)
_MOST_DELAY_SECONDS = 1.0
_MOST_POLLS = 0.5


@dataclass(frozen=True, slots=True)
class Spent:
    """The polls and the delay of a generation, on average."""

    polls: float
    delay_seconds: float


@dataclass(slots=True)
class Generation:
    """A generation of a mix. `started` is its start, `seconds` its duration."""

    name: str
    model: str
    started: float
    seconds: float
    polls: int = 0


@dataclass(slots=True)
class _Time:
    """The simulated time in seconds since the start."""

    seconds: float = 0.0

    def clock(self) -> Clock:
        """Return a clock that shows this time."""
        start = _START.timestamp()
        return SystemClock(lambda: start + self.seconds, lambda: self.seconds)


@dataclass(slots=True)
class _Paced:
    """Runs the poll scheduler on generations of known duration."""

    poll_scheduler: PollScheduler
    time: _Time
    delays: list[float] = field(default_factory=list)
    polls: int = 0

    async def run(self, generations: Sequence[Generation]) -> Spent:
        due = [(one.started, number) for number, one in enumerate(generations)]
        heapq.heapify(due)
        while due:
            self.time.seconds, number = due[0]
            following = await self._call(generations[number])
            if following is None:
                heapq.heappop(due)
            else:
                heapq.heapreplace(due, ((following - _START).total_seconds(), number))
        return Spent(self.polls / len(generations), math.fsum(self.delays) / len(generations))

    async def _call(self, one: Generation) -> datetime | None:
        """Start or poll a generation and return when to poll it next."""
        record = _record(one)
        now = self.time.seconds
        if now == one.started:
            return await self.poll_scheduler.started(record, GenerateVideosRequest(model=one.model))
        self.polls += 1
        late = now - one.started - one.seconds
        if late < 0:
            return await self.poll_scheduler.seen_running(record)
        self.delays.append(late)
        await self.poll_scheduler.seen_ended(one.name)
        return None


def _record(one: Generation) -> OperationRecord:
    start = _START + timedelta(seconds=one.started)
    return OperationRecord(
        name=one.name,
        revision=3,
        state=State.RUNNING,
        model=one.model,
        served_model=one.model,
        upstream="benchmark",
        create_time=start,
        update_time=start,
        submit_time=start,
        request_digest=b"",
    )


def _drawn(mix: Mix, count: int, chance: random.Random) -> Sequence[Generation]:
    started = 0.0
    generations = []
    for number in range(count):
        started += chance.expovariate(1 / _BETWEEN_STARTS_SECONDS)
        model, seconds = mix.draw(chance, number / count)
        generations.append(Generation(f"operations/{number}", model, started, seconds))
    return generations


async def _longtake(generations: Sequence[Generation], chance: random.Random) -> Spent:
    time = _Time()
    clock = time.clock()
    with tempfile.TemporaryDirectory(prefix="longtake-pacing-") as folder:
        store = await SqliteStore.open(Path(folder) / "longtake.db", clock)
        try:
            catalogue = Catalogue.load()
            poll_scheduler = PollScheduler(store, catalogue, clock, Pacing(), chance.random)
            return await _Paced(poll_scheduler, time).run(generations)
        finally:
            await store.close()


def fixed(generations: Sequence[Generation], interval: float) -> Spent:
    """Return the result of a poller with a fixed interval from the start on."""
    polls = [math.ceil(one.seconds / interval) for one in generations]
    late = [count * interval - one.seconds for count, one in zip(polls, generations, strict=True)]
    return Spent(sum(polls) / len(polls), math.fsum(late) / len(late))


def _best_fixed(generations: Sequence[Generation], polls: float) -> Spent:
    """Return the result of the fixed interval with the least delay for at most `polls`."""
    tried = (fixed(generations, 0.5 * 1.02**step) for step in range(350))
    return min(
        (spent for spent in tried if spent.polls <= polls), key=lambda spent: spent.delay_seconds
    )


def _laws(mix: Mix, samples: int, chance: random.Random) -> Sequence[Latencies]:
    """Return the distribution of each model of a mix, in the first and the second half."""
    laws: dict[tuple[str, bool], Latencies] = {}
    for number in range(samples):
        before = number / samples
        model, seconds = mix.draw(chance, before)
        law = laws.setdefault((model, before < 0.5), Latencies())
        bucket = bucket_of(seconds)
        law.weights[bucket] = law.weights.get(bucket, 0.0) + 1
    return tuple(laws.values())


def _ideal(laws: Sequence[Latencies]) -> Sequence[Spent]:
    """Return the optima of a poller that knows the distributions, the shortest delay first.

    It polls at the edges of the same buckets, with the same price of a poll for all models.
    """
    return tuple(_at_price(laws, 0.005 * 1.2**step) for step in range(60))


def _polls_for(ideal: Sequence[Spent], delay: float) -> float:
    """Return the polls for a mean delay, interpolated between the two nearest plans."""
    for nearer, later in pairwise(ideal):
        if nearer.delay_seconds <= delay < later.delay_seconds:
            share = (delay - nearer.delay_seconds) / (later.delay_seconds - nearer.delay_seconds)
            return nearer.polls + share * (later.polls - nearer.polls)
    return math.nan


def _at_price(laws: Sequence[Latencies], price: float) -> Spent:
    whole = math.fsum(law.weight for law in laws)
    plans = [(law.weight / whole, plan_at_price(_masses(law), price)) for law in laws]
    return Spent(
        polls=math.fsum(share * plan.polls for share, plan in plans),
        delay_seconds=math.fsum(share * plan.delay_seconds for share, plan in plans),
    )


def _masses(law: Latencies) -> Sequence[float]:
    return [law.weights.get(bucket, 0.0) / law.weight for bucket in range(len(MIDDLES))]


def measure(
    generations: int = _GENERATIONS, *, samples: int = _LAW_SAMPLES, seed: int | None = None
) -> Table:
    """Measure the poll scheduler on each mix.

    Args:
        generations: Number of generations per mix.
        samples: Number of samples per mix from which its distribution is computed.
        seed: Seed of the random generator. None: a new seed, which the note of the table shows.

    """
    seed = random.SystemRandom().randrange(2**32) if seed is None else seed
    rows: list[tuple[str, ...]] = []
    budgets: list[Budget] = []
    for mix in MIXES:
        chance = random.Random(seed)  # noqa: S311 - not used for security
        drawn = _drawn(mix, generations, chance)
        ours = asyncio.run(_longtake(drawn, chance))
        fixed_ones = [fixed(drawn, interval) for interval in _FIXED_SECONDS]
        best = _best_fixed(drawn, ours.polls)
        ideal = _ideal(_laws(mix, samples, chance))
        delays = (ours.delay_seconds, _MOST_DELAY_SECONDS)
        rows.append(
            (
                mix.name,
                *(_shown(spent) for spent in (ours, *fixed_ones, best)),
                *(f"{_polls_for(ideal, delay):.1f}" for delay in delays),
            )
        )
        if mix.foreseeable:
            budgets += _budgets(mix, ours, fixed_ones[_FIXED_SECONDS.index(10.0)])
    return Table(
        title="Poll timing",
        note="Polls per generation, and the mean seconds from its end to the poll that sees it, "
        f"over {generations} generations of each mix (seed {seed}), including the time to learn. "
        "The last two columns are the polls that a poller needs if it knows the distribution of "
        f"the latencies: for the same delay, and for {_MOST_DELAY_SECONDS:g} s. In the last mix, "
        "latencies spread so widely that not even that poller meets both budgets, so none apply.",
        columns=(
            "mix: polls / delay",
            "Longtake",
            *(f"every {interval:g} s" for interval in _FIXED_SECONDS),
            "best fixed, same polls",
            "polls, known distribution",
            f"for {_MOST_DELAY_SECONDS:g} s",
        ),
        rows=tuple(rows),
        budgets=tuple(budgets),
    )


def _shown(spent: Spent) -> str:
    return f"{spent.polls:.1f} / {spent.delay_seconds:.2f} s"


def _budgets(mix: Mix, ours: Spent, ten: Spent) -> Sequence[Budget]:
    return (
        at_most(
            f"Mean delay of the last poll, {mix.name}", _MOST_DELAY_SECONDS, ours.delay_seconds, "s"
        ),
        at_most(
            f"Polls, {mix.name}", _MOST_POLLS, ours.polls / ten.polls, "of a fixed 10 s interval's"
        ),
    )
