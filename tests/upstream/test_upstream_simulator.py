# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator as a process: started late, watched over, and ended with its owner."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.inline import MemorySink
from fakes.platform import OPERATION
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.upstream import NotNow
from longtake_server.upstream.exchange import EndpointUnavailable
from longtake_server.upstream.simulator import EmbeddedSimulator, SimulatorLimits, simulated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

# The port is the process's id, which tells one process from the next.
SAY = """
import json, os, signal, sys
def say():
    line = {"event": "listening", "port": os.getpid(), "base_url": f"http://127.0.0.1:{os.getpid()}"}
    print(json.dumps(line), flush=True)
"""
LISTENS = SAY + "say(); sys.stdin.read()"
DEAF = SAY + "signal.signal(signal.SIGTERM, signal.SIG_IGN); say(); signal.pause()"
SILENT = "import sys; sys.stdin.read()"
DIES = "import sys; sys.stderr.write('no codec'); sys.exit(3)"
BABBLES = "print('hello')"
LOGS = SAY + "sys.stderr.write('first' + chr(10) + 'x' * 100_000); say(); sys.stdin.read()"


@asynccontextmanager
async def running(
    tmp_path: Path, program: str, limits: SimulatorLimits, clock: FakeClock | None = None
) -> AsyncIterator[EmbeddedSimulator]:
    command = (sys.executable, "-c", program)
    simulator = EmbeddedSimulator(tmp_path, 0, clock or FakeClock(), limits=limits, command=command)
    simulator.start()
    try:
        yield simulator
    finally:
        await simulator.aclose()


def process_of(address: str) -> int:
    return int(address.rpartition(":")[2])


async def test_the_process_ends_with_its_owner(tmp_path: Path) -> None:
    async with running(tmp_path, LISTENS, SimulatorLimits()) as simulator:
        address = await simulator.base_url()
        os.kill(process_of(address), 0)
    with pytest.raises(ProcessLookupError):
        os.kill(process_of(address), 0)
    with pytest.raises(EndpointUnavailable, match="was stopped"):
        await simulator.base_url()


async def test_a_process_that_does_not_end_is_killed(tmp_path: Path) -> None:
    async with running(tmp_path, DEAF, SimulatorLimits(stop_seconds=0.05)) as simulator:
        address = await simulator.base_url()
    with pytest.raises(ProcessLookupError):
        os.kill(process_of(address), 0)


async def test_a_process_that_dies_is_started_again_after_a_while(tmp_path: Path) -> None:
    clock = FakeClock()
    async with running(tmp_path, LISTENS, SimulatorLimits(), clock) as simulator:
        first = await simulator.base_url()
        os.kill(process_of(first), signal.SIGKILL)
        await clock.sleeping()
        clock.advance(0.5)
        assert await simulator.base_url() != first


@pytest.mark.parametrize(
    ("program", "cause"),
    [
        (DIES, "ended or did not say where it listens"),
        (BABBLES, "ended or did not say where it listens"),
        (SILENT, "did not listen within"),
    ],
)
async def test_a_process_that_never_listens_is_given_up(
    tmp_path: Path, program: str, cause: str
) -> None:
    clock = FakeClock()
    limits = SimulatorLimits(start_seconds=20 if program != SILENT else 0.05, starts=3)
    async with running(tmp_path, program, limits, clock) as simulator:
        for _ in range(2):
            await clock.sleeping()
            clock.advance(limits.longest_backoff_seconds)
        assert simulator._supervisor is not None
        await simulator._supervisor
        with pytest.raises(EndpointUnavailable, match=f"{cause}.*; it was started 3 times"):
            await simulator.base_url()


async def test_a_program_that_is_not_there_is_given_up(tmp_path: Path) -> None:
    clock = FakeClock()
    command = (str(tmp_path / "missing"),)
    limits = SimulatorLimits(starts=1)
    simulator = EmbeddedSimulator(tmp_path, 0, clock, limits=limits, command=command)
    simulator.start()
    with pytest.raises(EndpointUnavailable, match="No such file"):
        await simulator.base_url()
    await simulator.aclose()


async def test_its_log_is_kept_in_lines_of_bounded_length(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with running(tmp_path, LOGS, SimulatorLimits()) as simulator:
        await simulator.base_url()
    lines = [one.getMessage() for one in caplog.records if one.getMessage().startswith("sim")]
    assert lines == ["simulator: first", "simulator: " + "x" * 500]


async def test_a_submission_before_it_listens_has_started_nothing(tmp_path: Path) -> None:
    limits = SimulatorLimits(start_seconds=0.05)
    async with running(tmp_path, SILENT, limits) as simulator:
        platform = simulated(simulator, MemorySink(), FakeClock())
        assert platform.name == "simulator"
        with pytest.raises(NotNow, match="the upstream simulator is not available"):
            await platform.submit(OPERATION, "m", GenerateVideosRequest(prompt="p"))
        await platform.aclose()


async def test_starting_twice_is_starting_once_and_closing_unstarted_is_fine(
    tmp_path: Path,
) -> None:
    async with running(tmp_path, LISTENS, SimulatorLimits()) as simulator:
        first = await simulator.base_url()
        simulator.start()
        assert await simulator.base_url() == first
    unstarted = EmbeddedSimulator(tmp_path, 0, FakeClock())
    await asyncio.wait_for(unstarted.aclose(), 60)
