# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Polls of the upstream, which must not depend on the number of watchers."""

from __future__ import annotations

import asyncio
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from longtake.v1.video_service_pb2 import WatchOperationRequest

from benchmarks.caller import AUTHENTICATED
from benchmarks.load import drained, watching
from benchmarks.programs import running
from benchmarks.report import Table, at_most
from benchmarks.servers import accepted, authenticated, generation, on_simulator

if TYPE_CHECKING:
    from benchmarks.programs import Program

# The generation ends in a failure, so nothing is rendered.
_PROMPT = "wait [sim:latency seconds={seconds:g}] [sim:fail]"


def measure(
    *, watchers: int = 10_000, generations: int = 20, generation_seconds: float = 15.0
) -> Table:
    """Watch generations to their end, first with one watcher each, then with many."""
    prompt = _PROMPT.format(seconds=generation_seconds)
    few, many = (
        _polls(prompt, generations, count) for count in (1, max(1, watchers // generations))
    )
    return Table(
        title="Polls of the upstream",
        note=f"{generations} generations of {generation_seconds:g} s each, watched to their end. "
        "The simulator counts the polls. Each row is a new server. Poll times have jitter, so the "
        f"numbers differ slightly. {AUTHENTICATED}",
        columns=("watchers", "polls"),
        rows=((str(generations), str(few)), (str(watchers), str(many))),
        budgets=(
            at_most(
                f"Upstream polls with {watchers} watchers",
                1.05,
                many / few,
                f"of those with {generations}",
            ),
        ),
    )


def _polls(prompt: str, generations: int, watchers_each: int) -> int:
    with (
        tempfile.TemporaryDirectory(prefix="longtake-polls-") as name,
        running(["veo_simulator", "--port", "0"], {}) as simulator,
    ):
        with authenticated(Path(name), **on_simulator(Path(name), simulator)) as server:
            asyncio.run(_watch_to_the_end(server, prompt, generations, watchers_each))
        answer = httpx.get(f"{simulator.address}/simulator/statistics").raise_for_status()
        return int(answer.json()["polls"])


async def _watch_to_the_end(
    server: Program, prompt: str, generations: int, watchers_each: int
) -> None:
    async with AsyncExitStack() as channels:
        names = [
            (await accepted(server, generation(f"{prompt} {number}"))).name
            for number in range(generations)
        ]
        requests = [
            WatchOperationRequest(name=name) for name in names for _ in range(watchers_each)
        ]
        streams = await watching(server.address, server.metadata, requests, channels)
        await asyncio.gather(*(drained(stream) for stream in streams))
