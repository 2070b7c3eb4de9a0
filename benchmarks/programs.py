# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts measured programs as processes and reads their memory and processor time."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.caller import Metadata

_STOP_SECONDS = 30
_ADDRESS = re.compile(r"(?:http://)?[\w.]+:\d+")


class Program:
    """A running server.

    Attributes:
        pid: The number of its process.
        address: The address that it listens on.
        metadata: The metadata of each call that is measured.
    """

    def __init__(self, pid: int, address: str) -> None:
        self._statistics = Path(f"/proc/{pid}/stat")
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
        fields = self._statistics.read_text().rpartition(")")[2].split()
        user, system = int(fields[11]), int(fields[12])
        return (user + system) / os.sysconf("SC_CLK_TCK")


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
