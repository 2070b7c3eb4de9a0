# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server runs on uvloop, and its threads use SCHED_BATCH unless another policy was chosen."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from longtake_server.scheduling import use_batch_scheduling
from processes.running import server

if sys.platform != "linux":
    pytest.skip("only Linux has SCHED_BATCH", allow_module_level=True)


def policies(pid: int) -> list[int]:
    """Return the scheduling policy of each thread of a process."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return [os.sched_getscheduler(int(thread.name)) for thread in threads]


def libraries(pid: int) -> str:
    """Return the paths of the files that a process has mapped, with their addresses."""
    return Path(f"/proc/{pid}/maps").read_text()


async def test_the_servers_threads_let_each_other_finish(tmp_path: Path) -> None:
    async with server(tmp_path) as longtake:
        await longtake.start()
        found = policies(longtake.process.pid)
    assert len(found) > 1
    assert set(found) == {os.SCHED_BATCH}


async def test_the_server_runs_on_uvloop(tmp_path: Path) -> None:
    async with server(tmp_path) as longtake:
        await longtake.start()
        mapped = libraries(longtake.process.pid)
    assert "/uvloop/loop." in mapped


def test_a_policy_that_was_chosen_is_kept() -> None:
    program = """
import os
from longtake_server.scheduling import use_batch_scheduling
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
use_batch_scheduling()
print(os.sched_getscheduler(0))
"""
    told = subprocess.check_output([sys.executable, "-c", program], text=True)
    assert int(told) == os.SCHED_IDLE


def test_a_kernel_that_forbids_it_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.setattr(os, "sched_setscheduler", forbidden)
    use_batch_scheduling()
    assert os.sched_getscheduler(0) == os.SCHED_OTHER
