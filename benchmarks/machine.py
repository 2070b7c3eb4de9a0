# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Describes the machine that runs the benchmarks."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime

_GIBIBYTE = 1 << 30


def machine() -> str:
    """Return the machine's size, its software and the date as one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIBIBYTE
    return (
        f"{len(os.sched_getaffinity(0))} cores ({platform.machine()}), {memory:.0f} GiB of memory, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, "
        f"{datetime.now(UTC).date().isoformat()}"
    )
