# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Takes half of a core from all other programs: it spins for 5 ms of every 10 ms.

Takes precedence over them where the system allows it (SCHED_FIFO).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from benchmarks.programs import stopped

if TYPE_CHECKING:
    from collections.abc import Iterator

_SPIN_SECONDS = 0.005
_PERIOD_SECONDS = 0.01


@contextmanager
def half_a_core_taken() -> Iterator[None]:
    """Run the burner until the block ends."""
    with (
        subprocess.Popen([sys.executable, "-m", __name__], stdout=subprocess.PIPE) as burner,
        stopped(burner),
    ):
        if burner.stdout is None or not burner.stdout.readline():
            raise RuntimeError("the burner did not start; see the error above")
        yield


def _burn() -> None:
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    sys.stdout.write("spinning\n")
    sys.stdout.flush()
    begin = time.monotonic()
    while True:
        while time.monotonic() < begin + _SPIN_SECONDS:
            pass
        begin += _PERIOD_SECONDS
        time.sleep(max(0.0, begin - time.monotonic()))
        # It does not catch up on what it missed.
        begin = max(begin, time.monotonic())


if __name__ == "__main__":
    _burn()
