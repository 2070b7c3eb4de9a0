# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of the server end without a traceback if standard output cannot be written to."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from longtake_server.storage.database import open_database

from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

COMMANDS = [
    ["check-config"],
    ["check-config", "--probe"],
    ["keys", "list"],
    ["budgets", "show"],
    ["usage"],
    ["serve"],
    ["--help"],
]

pytestmark = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Return a data folder with an empty database."""
    with closing(open_database(tmp_path / "longtake.db")):
        return tmp_path


def run(command: list[str], data: Path, output: int) -> tuple[int, str]:
    """Run the command, and return its exit code and what it wrote to standard error."""
    given = {
        "LONGTAKE_DATA_FOLDER": str(data),
        "LONGTAKE_LISTEN": "127.0.0.1:0",
        "LONGTAKE_LOG_LEVEL": "error",
    }
    # Without a buffer, argparse itself ignores that the help cannot be written.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    ended = subprocess.run(
        [sys.executable, "-m", "longtake_server", *command],
        env={**kept, **given},
        stdout=output,
        stderr=subprocess.PIPE,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has /dev/full")  # noqa: PTH110 - a device
def test_a_full_disk_is_one_line(data: Path, command: list[str]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        code, errors = run(command, data, full.fileno())
    assert errors == (
        "longtake-server: standard output cannot be written to: No space left on device\n"
    )
    assert code == 1


def test_a_reader_that_is_gone_is_not_reported(data: Path, command: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        code, errors = run(command, data, writer)
    finally:
        os.close(writer)
    assert (code, errors) == (141, "")
