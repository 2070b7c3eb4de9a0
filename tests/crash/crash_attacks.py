# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts servers on loopback, attacks them, and prints the effect of each attack.

During an attack, a well-behaved caller makes a call every 20 ms. Each line shows the 99th
percentile of its latencies, unanswered calls included, and the resident memory before the attack,
at its peak and 60 s after. The exit code is 0 if every limit was kept. No option of grpcio keeps
the latency low during a rapid reset on the port itself, so the limit on p99 applies only at the
edge.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from crash.crash_attack_load import ATTACKS, SERVICE
from edge.edge_running import start as start_edge
from longtake.v1.video_service_pb2 import GenerateVideosRequest, GetOperationRequest
from processes.running import Process, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

ROOT = Path(__file__).parents[2]
MEBIBYTE = 1 << 20
ATTACK_SECONDS = 10.0
QUIET_SECONDS = 60.0
_BETWEEN_CALLS_SECONDS = 0.02
_BETWEEN_SAMPLES_SECONDS = 0.01
# A longer call counts as this long.
_PATIENCE_SECONDS = 30.0
_WARM_UP_CALLS = 200

_LARGEST_P99_SECONDS = 1.0
_LARGEST_GROWTH = 1.3
_LARGEST_COST_BYTES = {"gzip-bombs": 128 * MEBIBYTE}


@dataclass(frozen=True, slots=True)
class Target:
    """A server under attack.

    Attributes:
        title: A name for display.
        address: The address where it listens.
        processes: The processes whose memory is measured.
        operation: The name of an existing operation.
    """

    title: str
    address: str
    processes: tuple[int, ...]
    operation: str

    def resident_bytes(self) -> int:
        """Return the resident memory of all processes, in bytes."""
        page = 4096
        statistics = (Path(f"/proc/{pid}/statm").read_text() for pid in self.processes)
        return sum(int(each.split()[1]) * page for each in statistics)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The effect of an attack on a target. Memory is in bytes.

    Attributes:
        sent: What the attackers report to have sent.
        p99_seconds: The 99th percentile of the well-behaved caller's latencies.
        before: Memory before the attack.
        peak: The most memory until the last call was answered.
        after: Memory 60 s after the attack.
    """

    sent: str
    p99_seconds: float
    before: int
    peak: int
    after: int

    def faults(self, attack: str, kind: str) -> list[str]:
        """Return the limits that were exceeded."""
        if kind == "bare":
            return []
        is_latency_limited = (attack, kind) == ("rapid-reset", "edge")
        limits = {
            "the attackers failed": bool(self.sent),
            f"p99 over {_LARGEST_P99_SECONDS:g} s": (
                self.p99_seconds < _LARGEST_P99_SECONDS or not is_latency_limited
            ),
            f"memory after over {_LARGEST_GROWTH:g} of before": (
                self.after <= _LARGEST_GROWTH * self.before
            ),
        }
        if (cost := _LARGEST_COST_BYTES.get(attack)) is not None:
            limits[f"costs over {cost // MEBIBYTE} MiB"] = self.peak - self.before <= cost
        return [limit for limit, is_kept in limits.items() if not is_kept]


@asynccontextmanager
async def _port(folder: Path) -> AsyncIterator[Target]:
    async with server(folder, send_timeout_seconds="2") as longtake:
        stub = await longtake.start()
        request = GenerateVideosRequest(
            model="veo-3.1-lite-generate-001", prompt="a paper boat [sim:never]"
        )
        name = (await stub.GenerateVideos(request)).name
        yield Target("port", longtake.address, (longtake.process.pid,), name)


@asynccontextmanager
async def _edge(folder: Path) -> AsyncIterator[Target]:
    async with _port(folder) as port:
        process, url, _ = await start_edge(folder, "--server", port.address)
        try:
            [envoy] = _children(process.pid)
            address = url.removeprefix("http://")
            yield Target("edge", address, (*port.processes, envoy), port.operation)
        finally:
            await process.terminate()


@asynccontextmanager
async def _bare(folder: Path) -> AsyncIterator[Target]:
    answer = folder / "answer"
    answer.write_bytes(b"")
    process = await Process.start(
        *("-m", "benchmarks.bare_server", str(answer), str(answer)),
        log=folder / "bare.log",
        environment={"PYTHONPATH": str(ROOT)},
    )
    try:
        address = process.first_line.split()[-1]
        yield Target("bare grpc.aio server", address, (process.pid,), "operations/none")
    finally:
        await process.terminate()


TARGETS = {"port": _port, "edge": _edge, "bare": _bare}
# Each attack with its target. The bare server is for comparison and has no limits.
RUNS = (
    ("rapid-reset", "bare"),
    ("rapid-reset", "port"),
    ("rapid-reset", "edge"),
    ("gzip-bombs", "port"),
    ("gzip-bombs", "edge"),
    ("large-requests", "port"),
    ("deaf-readers", "port"),
)


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


async def attacked(attack: str, target: Target) -> Outcome:
    """Attack a target for ten seconds, and return the effect."""
    async with AsyncExitStack() as stack:
        channel = await stack.enter_async_context(grpc.aio.insecure_channel(target.address))
        caller = _Caller(channel, target.operation)
        for _ in range(_WARM_UP_CALLS):
            await caller.call()
        before = target.resident_bytes()
        memory = _Memory(target)
        watching = asyncio.create_task(memory.run())
        sent = await caller.beside(_attackers(attack, target))
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
    await asyncio.sleep(QUIET_SECONDS)
    return Outcome(sent, caller.p99_seconds(), before, memory.peak, target.resident_bytes())


async def _attackers(attack: str, target: Target) -> str:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "crash.crash_attack_load"),
        *(attack, target.address, str(ATTACK_SECONDS), target.operation),
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await process.communicate()
    return printed.decode().strip()


class _Memory:
    """Samples the memory of a target and keeps the peak."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.peak = 0

    async def run(self) -> None:
        while True:
            self.peak = max(self.peak, self._target.resident_bytes())
            await asyncio.sleep(_BETWEEN_SAMPLES_SECONDS)


class _Caller:
    """A caller that makes a call every 20 ms, even if the previous one is unanswered."""

    def __init__(self, channel: grpc.aio.Channel, operation: str) -> None:
        self._get: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"{SERVICE}/GetOperation"
        )
        self._request = GetOperationRequest(name=operation).SerializeToString()
        self._latencies: list[float] = []

    async def call(self) -> float:
        begun = time.perf_counter()
        try:
            await self._get(self._request, timeout=_PATIENCE_SECONDS, wait_for_ready=True)
        except grpc.aio.AioRpcError:
            return _PATIENCE_SECONDS
        return time.perf_counter() - begun

    async def beside(self, attack: Coroutine[None, None, str]) -> str:
        """Make calls until the attack ends, and return what the attack sent."""
        async with asyncio.TaskGroup() as tasks:
            attacking = tasks.create_task(attack)
            calls = []
            while not attacking.done():
                calls.append(tasks.create_task(self.call()))
                await asyncio.sleep(_BETWEEN_CALLS_SECONDS)
        self._latencies = sorted(call.result() for call in calls)
        return attacking.result()

    def p99_seconds(self) -> float:
        return self._latencies[int(len(self._latencies) * 0.99)]


async def _run(attack: str, kind: str) -> bool:
    with tempfile.TemporaryDirectory(prefix="longtake-attack-") as folder:
        async with TARGETS[kind](Path(folder)) as target:
            outcome = await attacked(attack, target)
    faults = outcome.faults(attack, kind)
    verdict = "for comparison" if kind == "bare" else "; ".join(faults) or "kept"
    memory = " / ".join(
        str(each // MEBIBYTE) for each in (outcome.before, outcome.peak, outcome.after)
    )
    print(
        f"| {attack} | {target.title} | {outcome.sent} | {outcome.p99_seconds:.3f} s "
        f"| {memory} MiB | {verdict} |",
        flush=True,
    )
    return not faults


def main() -> int:
    """Return 0 if every limit was kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "attacks", nargs="*", metavar="ATTACK", help=f"of {', '.join(ATTACKS)}; default: all"
    )
    given = parser.parse_args()
    if unknown := set(given.attacks) - set(ATTACKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    print("| attack | on | sent | p99 of a caller | memory before / peak / 60 s after | limits |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    runs = [run for run in RUNS if not given.attacks or run[0] in given.attacks]
    kept = [asyncio.run(_run(*run)) for run in runs]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
