# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Asks the kernel to let the threads of a server finish what they do.

grpcio answers a call with several threads, of which one at a time may run Python. By default each
that is woken takes the core from the one that woke it, several times for each call.
See docs/decisions/0008.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress


def let_threads_finish() -> None:
    """Run this thread, and those that it starts, under SCHED_BATCH: one that is woken waits.

    Changes nothing where the kernel is not Linux or forbids it, or where whoever started
    the process has chosen another than the default one.
    """
    if sys.platform != "linux":
        return
    with suppress(OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
