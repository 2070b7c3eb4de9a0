# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts measured programs as processes and reads their memory and processor time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.caller import Metadata

_STOP_SECONDS = 30
# The kernel's CPUCLOCK_SCHED: user and system time of all threads, also of those that ended.
_PROCESSOR_CLOCK = 2
_ADDRESS = re.compile(r"(?:http://)?[\w.]+:\d+")


class Program:
    """A running server.

    Attributes:
        pid: The number of its process.
        address: The address that it listens on.
        metadata: The metadata of each call that is measured.
    """

    def __init__(self, pid: int, address: str) -> None:
        self._pages = Path(f"/proc/{pid}/statm")
        self._status = Path(f"/proc/{pid}/status")
        self._peak = Path(f"/proc/{pid}/clear_refs")
        self.pid = pid
        self.address = address
        self.metadata: Metadata = ()

    def resident_bytes(self) -> int:
        """Return the resident memory of the process."""
        pages = int(self._pages.read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def forget_peak(self) -> None:
        """Reset the peak that `peak_bytes` returns."""
        self._peak.write_text("5")

    def peak_bytes(self) -> int:
        """Return the peak of resident memory since the start or the last reset."""
        [peak] = re.findall(r"^VmHWM:\s+(\d+) kB$", self._status.read_text(), re.MULTILINE)
        return int(peak) * 1024

    def processor_seconds(self) -> float:
        """Return the processor time of all threads of the process so far."""
        # As clock_getcpuclockid(3): /proc has hundredths of a second only.
        return time.clock_gettime(~self.pid << 3 | _PROCESSOR_CLOCK)


@contextmanager
def running(arguments: list[str], environment: Mapping[str, str]) -> Iterator[Program]:
    """Run `python -m ARGUMENTS` until the block ends. It must print its address first.

    Raises:
        RuntimeError: The program did not start.

    """
    with (
        subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            text=True,
        ) as process,
        stopped(process),
    ):
        line = process.stdout.readline() if process.stdout else ""
        if not (address := _ADDRESS.search(line)):
            raise RuntimeError(f"{arguments[0]} did not start; see the error above")
        yield Program(process.pid, address[0])


@contextmanager
def in_batches() -> Iterator[None]:
    """Start the processes of the block under SCHED_BATCH."""
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


@contextmanager
def stopped(process: subprocess.Popen[Any]) -> Iterator[None]:
    """Stop a process when the block ends. Kills it if it does not stop in time."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
