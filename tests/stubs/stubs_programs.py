# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: in this process, and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

# A test run in the background may have SIGINT ignored, which processes inherit.
_PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from longtake.cli import main; sys.exit(main())"
)


@dataclass(frozen=True)
class Outcome:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str


class Program:
    """Runs `longtake` in this process."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def run(self, *arguments: str) -> Outcome:
        code = main(arguments)
        written = self._captured.readouterr()
        return Outcome(code, written.out, written.err)


@contextmanager
def process(
    address: str,
    *arguments: str,
    folder: Path,
    stdout: int = subprocess.PIPE,
    stderr: int = subprocess.PIPE,
) -> Iterator[subprocess.Popen[str]]:
    """Run `longtake` in a process of its own, which does not outlive the block."""
    command = [sys.executable, "-c", _PROGRAM, *arguments]
    environment = {**os.environ, "LONGTAKE_ADDRESS": address, "TERM": "xterm"}
    environment.pop("GRPC_VERBOSITY", None)
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=stdout, stderr=stderr, text=True
    ) as running:
        try:
            yield running
        finally:
            running.kill()
