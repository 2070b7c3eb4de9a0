# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The time of the running event loop, by which asyncio and httpx limit calls."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

_T = TypeVar("_T")


async def out_of_time(call: Coroutine[Any, Any, _T], begun: asyncio.Event, seconds: float) -> _T:
    """Run a call, and let `seconds` pass on the event loop once it has begun.

    Args:
        call: The call, with a limit of at most `seconds`.
        begun: Set once the call is so far that the time may pass.
        seconds: How much time passes.

    """
    running = asyncio.create_task(call)
    await begun.wait()
    loop: Any = asyncio.get_running_loop()
    time = loop.time
    loop.time = lambda: time() + seconds
    return await running
