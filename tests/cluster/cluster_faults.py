# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Faults at random: replicas are killed, suspended and cut off, and the database fails over."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

from cluster.cluster_link import Cut

if TYPE_CHECKING:
    import random

    from cluster.cluster_parts import Cluster, Replica

# Two replicas at most are harmed at the same time.
_STRANDS = 2
_LONGEST_PAUSE_SECONDS = 4.0
_LONGEST_DOWN_SECONDS = 3.0
_LONGEST_STOP_SECONDS = 30.0
_LONGEST_CUT_SECONDS = 20.0
# Of the whole time.
_LONGEST_SHARE = 0.25
_FAILOVER = (0.3, 0.6)


class Adversary:
    """Harms a cluster for a time. What it does follows from its random numbers.

    Attributes:
        done: How often it did what.

    """

    def __init__(self, cluster: Cluster, chance: random.Random, seconds: float) -> None:
        self._cluster = cluster
        self._chance = chance
        self._seconds = seconds
        self.done: Counter[str] = Counter()

    async def run(self) -> None:
        """Harm until the time is up, and then wait until all is well again."""
        until = asyncio.get_running_loop().time() + self._seconds
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._fail_over(self._chance.uniform(*_FAILOVER) * self._seconds))
            for _ in range(_STRANDS):
                tasks.create_task(self._harm(until))

    async def _fail_over(self, after: float) -> None:
        await asyncio.sleep(after)
        await self._cluster.fail_over()
        self.done["failover"] += 1

    async def _harm(self, until: float) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, _LONGEST_PAUSE_SECONDS))
            if asyncio.get_running_loop().time() >= until:
                return
            replica, what = await self._victim()
            replica.is_harmed = True
            try:
                await self._strike(replica, what)
            finally:
                replica.is_harmed = False

    async def _victim(self) -> tuple[Replica, str]:
        """Choose the engine half of the time."""
        engine = await self._cluster.engine() if self._chance.random() < 0.5 else None
        if engine is not None and not engine.is_harmed:
            return engine, "engine"
        well = [each for each in self._cluster.replicas if not each.is_harmed]
        return self._chance.choice(well), "replica"

    async def _strike(self, replica: Replica, what: str) -> None:
        longest = self._seconds * _LONGEST_SHARE
        fault = self._chance.choice(("kill", "stop", "cut"))
        self.done[f"{fault} of {what}"] += 1
        match fault:
            case "kill":
                await replica.kill(self._chance.uniform(0, _LONGEST_DOWN_SECONDS))
            case "stop":
                seconds = self._chance.uniform(1, min(longest, _LONGEST_STOP_SECONDS))
                await replica.suspend(seconds)
            case _:
                seconds = self._chance.uniform(1, min(longest, _LONGEST_CUT_SECONDS))
                await replica.cut_off(self._chance.choice(list(Cut)), seconds)
