# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The time of the running event loop, by which asyncio and httpx limit calls."""

from __future__ import annotations

import asyncio
from typing import Any


def pass_loop_time(seconds: float) -> None:
    """Advance the time of the running event loop, so that limits within it are reached."""
    loop: Any = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds
