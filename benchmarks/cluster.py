# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Several replicas on PostgreSQL: what each adds, what reaches across them, what a loss costs."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GetOperationRequest

from benchmarks.cluster_faults import resumption_seconds, takeover_seconds
from benchmarks.cluster_watches import crowd, news_seconds, polls
from benchmarks.load import SERVICE, call_at_pace, milliseconds
from benchmarks.replicas import replicas
from benchmarks.report import Table, at_least, at_most
from benchmarks.servers import accepted, generation
from scripts.postgres import postgres_server

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.cluster_watches import Crowd
    from benchmarks.programs import Program
    from benchmarks.replicas import Replicas
    from benchmarks.report import Budget
    from scripts.postgres import PostgresServer

_METHOD = f"{SERVICE}/GetOperation"
_SIZES = (1, 2, 4)
_REPLICAS = 3
_GENERATIONS = 20
_WATCHES = 1000


def measure(
    *,
    rounds: int = 5,
    seconds: float = 2.0,
    per_second: float = 150.0,
    changes: int = 200,
    losses: int = 5,
    watchers: int = 10_000,
    generation_seconds: float = 15.0,
) -> Table:
    """Measure reads, news, losses, polls and a crowd of watchers."""
    with postgres_server({}) as database:
        with replicas(database, max(_SIZES)) as cluster:
            reads = asyncio.run(_in_turns(cluster.programs, rounds, seconds, per_second))
        with replicas(database, _REPLICAS) as cluster:
            news, takeovers, resumptions, many = asyncio.run(
                _with_three(cluster, changes, losses, watchers)
            )
        polled = {count: _polls(database, count, generation_seconds) for count in (1, _REPLICAS)}
    return Table(
        title="Replicas on PostgreSQL",
        note="PostgreSQL waits for the disk, and shares the cores with the replicas and the "
        f"clients. GetOperation: {per_second:g} calls a second at each replica, in "
        f"{rounds} alternating rounds of {seconds:g} s; core seconds are those of the replicas. "
        f"News: {changes} cancellations at one replica, each seen by a watcher at another one; the "
        "time counts from the answer to the cancellation, and is 0 if the news came first. "
        "Takeover: from SIGKILL of the engine to "
        f"the next submission, the longest of {losses}. Resumption: from SIGKILL of a replica "
        f"until its {_WATCHES} watches have a state from another one, the longest of as many. "
        f"Polls: {_GENERATIONS} generations of {generation_seconds:g} s, each watched at every "
        "replica, in a new cluster each. The calls have no credential.",
        columns=("measured", "replicas", "value"),
        rows=(
            *(
                ("GetOperation, calls per core second", str(count), f"{each:.0f}")
                for count, each in reads.items()
            ),
            ("news at another replica, p50 ms", str(_REPLICAS), _ms(news, 0.5)),
            ("news at another replica, p99 ms", str(_REPLICAS), _ms(news, 0.99)),
            *_of_losses(takeovers, resumptions),
            *(("polls of the upstream", str(count), str(each)) for count, each in polled.items()),
            *_of_crowd(watchers, many),
        ),
        budgets=(
            *_of_reads(reads),
            *_of_news(news),
            at_most("Engine killed, time until submissions", 8.0, max(takeovers), "s"),
            at_most("Replica killed, time until all watches resume", 2.0, max(resumptions), "s"),
            at_most(
                f"Upstream polls with {_REPLICAS} replicas",
                1.05,
                polled[_REPLICAS] / polled[1],
                "of those with one",
            ),
        ),
    )


def _ms(times: Sequence[float], share: float) -> str:
    return f"{milliseconds(times, share):.1f}"


def _of_losses(
    takeovers: Sequence[float], resumptions: Sequence[float]
) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (f"{what}, {which} s", str(_REPLICAS), f"{value:.2f}")
        for what, times in (("takeover", takeovers), ("resumption of watches", resumptions))
        for which, value in (("median", median(times)), ("longest", max(times)))
    )


def _of_crowd(watchers: int, many: Crowd) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (f"{watchers} watchers, {what}", str(_REPLICAS), value)
        for what, value in (
            ("KiB each", f"{many.bytes_each / 1024:.1f}"),
            ("connect s", f"{many.connect_seconds:.2f}"),
            ("notify s", f"{many.news_seconds:.2f}"),
        )
    )


def _of_reads(reads: Mapping[int, float]) -> tuple[Budget, ...]:
    return tuple(
        at_least(
            f"GetOperation per core second, {count} replicas",
            0.9,
            reads[count] / reads[1],
            "of one replica's",
        )
        for count in _SIZES[1:]
    )


def _of_news(news: Sequence[float]) -> tuple[Budget, ...]:
    return tuple(
        at_most(
            f"News at another replica, p{share * 100:.0f}", limit, milliseconds(news, share), "ms"
        )
        for share, limit in ((0.5, 10.0), (0.99, 50.0))
    )


async def _in_turns(
    programs: Sequence[Program], rounds: int, seconds: float, per_second: float
) -> Mapping[int, float]:
    """Return the calls per core second of each number of replicas, all at the same load.

    A replica with less to do needs more processor time for a call, and one machine cannot keep
    several replicas, their clients and PostgreSQL busy.
    """
    operation = await accepted(programs[0], generation())
    request = GetOperationRequest(name=operation.name).SerializeToString()
    requests = [request] * int(seconds * per_second)
    spent = dict.fromkeys(_SIZES, 0.0)
    for number in range(rounds + 1):
        for count in spent:
            some = programs[:count]
            before = sum(program.processor_seconds() for program in some)
            await asyncio.gather(
                *(call_at_pace(program, _METHOD, requests, per_second) for program in some)
            )
            # The first round only warms up.
            if number:
                spent[count] += sum(program.processor_seconds() for program in some) - before
    return {count: count * rounds * len(requests) / each for count, each in spent.items()}


async def _with_three(
    cluster: Replicas, changes: int, losses: int, watchers: int
) -> tuple[list[float], list[float], list[float], Crowd]:
    # First, while there is no freed memory that could be used again.
    many = await crowd(cluster, watchers)
    news = await news_seconds(cluster, changes)
    takeovers = [await takeover_seconds(cluster) for _ in range(losses)]
    watches = min(watchers, _WATCHES)
    resumptions = [await resumption_seconds(cluster, watches) for _ in range(losses)]
    return news, takeovers, resumptions, many


def _polls(database: PostgresServer, count: int, generation_seconds: float) -> int:
    with replicas(database, count) as cluster:
        return asyncio.run(polls(cluster, _GENERATIONS, generation_seconds))
