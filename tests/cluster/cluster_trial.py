# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Clients at three replicas while the replicas and their database are harmed at random.

As a command it repeats the trial with different seeds, and prints a line for each.
"""

from __future__ import annotations

import argparse
import asyncio
import bisect
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from cluster.cluster_clients import clients
from cluster.cluster_faults import Adversary
from cluster.cluster_history import State
from cluster.cluster_parts import running_cluster

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cluster.cluster_clients import Clients
    from cluster.cluster_parts import Cluster
    from processes.running import Simulator

MAX_CONCURRENT = 8
_MINUTE_SECONDS = 60.0
# The quota allows fewer submissions than the clients want, so that it holds them back.
_ALLOWED_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class Scale:
    """How much is done in a trial.

    Attributes:
        operations: The number of operations.
        seconds: How long clients create operations and faults happen.
    """

    operations: int
    seconds: float

    @property
    def per_minute(self) -> int:
        """The quota of submissions in a minute."""
        return max(MAX_CONCURRENT, int(self.operations / self.seconds * 60 * _ALLOWED_SHARE))


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a trial in which every check passed.

    Attributes:
        faults: How often each kind of fault happened.
        states: How many operations ended in each state.
        told: How many states the clients were told.
        retries: How many calls failed and were repeated.
        most_running: The most generations that ran at once, by the simulator's count.
        most_in_a_minute: The most submissions in any minute, likewise.
    """

    faults: Mapping[str, int]
    states: Mapping[str, int]
    told: int
    retries: int
    most_running: int
    most_in_a_minute: int

    def __str__(self) -> str:
        faults = ", ".join(f"{count} {fault}" for fault, count in sorted(self.faults.items()))
        states = ", ".join(f"{count} {state}" for state, count in sorted(self.states.items()))
        return (
            f"{faults}; {states}; {self.retries} calls repeated; none lost; none submitted twice; "
            f"watches rise to the end; linearisable ({self.told} states); quotas kept (at most "
            f"{self.most_running} at once, {self.most_in_a_minute} a minute)"
        )


async def run(folder: Path, scale: Scale, seed: int) -> Outcome:
    """Run a trial in an empty folder, and check everything.

    Raises:
        AssertionError: The service broke a promise.

    """
    # Each has its own random numbers, so that what one does does not change what the other does.
    of_clients, of_faults = (random.Random(f"{seed} {name}") for name in ("clients", "faults"))  # noqa: S311 - reproducible, not secret
    async with (
        running_cluster(
            folder, max_concurrent=MAX_CONCURRENT, per_minute=scale.per_minute
        ) as cluster,
        clients([each.address for each in cluster.replicas], of_clients) as callers,
    ):
        adversary = Adversary(cluster, of_faults, scale.seconds)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(adversary.run())
            tasks.create_task(callers.run(scale.operations, scale.seconds))
        return await checked(cluster, callers, adversary.done, scale)


async def checked(
    cluster: Cluster, callers: Clients, faults: Mapping[str, int], scale: Scale
) -> Outcome:
    """Check everything once all operations have ended, and return what happened.

    Args:
        cluster: The cluster, without faults.
        callers: The clients that created the operations.
        faults: How often each kind of fault happened.
        scale: The scale of the trial.

    Raises:
        AssertionError: The service broke a promise.

    """
    await callers.read_everywhere()
    names = set(callers.histories)
    assert len(names) == scale.operations
    for number, listed in enumerate(await callers.listed(), start=1):
        assert listed == names, f"replica {number} lists other operations: {listed ^ names}"
    broken = [
        f"{name}: {fault}"
        for name, history in callers.histories.items()
        for fault in history.faults()
    ]
    assert not broken, "\n".join(broken)
    states = await _submissions(cluster.upstream, callers)
    most_running, most_in_a_minute = await _quotas(cluster.upstream, callers)
    assert most_running <= MAX_CONCURRENT, f"{most_running} ran at once"
    assert most_in_a_minute <= scale.per_minute, f"{most_in_a_minute} submissions in a minute"
    return Outcome(
        faults=faults,
        states=states,
        told=sum(len(history.told) for history in callers.histories.values()),
        retries=callers.retries,
        most_running=most_running,
        most_in_a_minute=most_in_a_minute,
    )


async def _submissions(upstream: Simulator, callers: Clients) -> Mapping[str, int]:
    """Check that the upstream accepted each operation as often as its state says."""
    accepted: dict[str, int] = (await upstream.statistics())["submissions_by_prompt"]
    states: Counter[str] = Counter()
    for name, operation in callers.ends.items():
        times = accepted.pop(callers.requests[name].prompt, 0)
        state = operation.metadata.state
        assert times <= 1, f"{name} was submitted {times} times"
        assert times == 1 or state != State.SUCCEEDED, f"{name} succeeded without a submission"
        # Nothing else fails a generation here.
        is_unknown = "SUBMISSION_OUTCOME_UNKNOWN" in str(operation.error.details)
        assert is_unknown == (state == State.FAILED), operation
        states["of unknown outcome" if is_unknown else State.Name(state).lower()] += 1
    assert not accepted, f"the upstream accepted what nobody asked for: {accepted}"
    return states


async def _quotas(upstream: Simulator, callers: Clients) -> tuple[int, int]:
    """Return the most generations at once and the most submissions in a minute.

    A generation counts from its start at the upstream until its operation ends. What the upstream
    goes on with after that, because the operation was cancelled or its outcome is unknown, is not
    the quota's any more.
    """
    starts = {each["seed"]: each["started"] for each in await upstream.generations()}
    ends = {
        callers.requests[name].config.seed: operation.metadata.end_time.ToNanoseconds() / 1e9
        for name, operation in callers.ends.items()
    }
    lives = [(start, ends[seed]) for seed, start in starts.items()]
    return most_at_once(lives), most_within(sorted(starts.values()), _MINUTE_SECONDS)


def most_at_once(lives: Iterable[tuple[float, float]]) -> int:
    """Return the most of these times, from a start to an end, that share a moment."""
    # At the same moment, an end comes first. What ends before it starts is nothing.
    changes = sorted(
        change for start, end in lives if start < end for change in ((end, -1), (start, 1))
    )
    return max(accumulate(change for _, change in changes), default=0)


def most_within(times: Sequence[float], seconds: float) -> int:
    """Return the most times, in rising order, that lie within so many seconds."""
    return max(
        (bisect.bisect_left(times, time + seconds) - number for number, time in enumerate(times)),
        default=0,
    )


def _one(what: str, scale: Scale, seed: int) -> bool:
    """Run once. The folder of a failed trial is kept for inspection."""
    folder = Path(tempfile.mkdtemp(prefix="longtake-trial-"))
    begun = time.monotonic()
    print(f"{what}, seed {seed}: {scale.operations} operations in {scale.seconds:g} s", flush=True)
    try:
        outcome = asyncio.run(run(folder, scale, seed))
    except Exception:  # noqa: BLE001 - any error fails this trial only
        traceback.print_exc()
        print(f"  FAILED after {time.monotonic() - begun:.0f} s; see {folder}", flush=True)
        return False
    shutil.rmtree(folder)
    print(f"  passed after {time.monotonic() - begun:.0f} s: {outcome}", flush=True)
    return True


def main() -> int:
    """Return 0 if every trial passed."""
    parser = argparse.ArgumentParser(prog="cluster_trial", description=__doc__)
    add = parser.add_argument
    add("--runs", type=int, default=10, help="number of trials (default: %(default)s)")
    add("--seconds", type=float, default=600, help="seconds of each (default: %(default)g)")
    add("--operations", type=int, default=1000, help="operations of each (default: %(default)s)")
    add("--seed", type=int, default=1, help="seed of the first trial (default: %(default)s)")
    given = parser.parse_args()
    scale = Scale(given.operations, given.seconds)
    passed = [
        _one(f"trial {number + 1} of {given.runs}", scale, given.seed + number)
        for number in range(given.runs)
    ]
    print(f"{sum(passed)} of {len(passed)} trials passed", flush=True)
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
