# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Selects the batch scheduling policy of Linux for the threads of the server.

grpcio answers a call with several threads, and only one at a time can run Python. Under the default
policy, a thread that wakes up preempts the one that woke it, several times for each call.
See docs/decisions/0008.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def use_batch_scheduling() -> None:
    """Run this thread and the threads it starts under SCHED_BATCH, so that none preempts another.

    Does nothing if the system is not Linux or forbids the change, or if the process was started
    under a policy other than the default.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
