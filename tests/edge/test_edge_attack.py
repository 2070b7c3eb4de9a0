# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A connection that resets what it opens is closed at the edge."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest
from crash.crash_attack_load import reset_until_closed
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]


async def test_a_connection_that_only_resets_is_closed_and_others_are_served(edge: Edge) -> None:
    address = edge.url.removeprefix("http://")
    until = time.monotonic() + GUARD_SECONDS
    # It would never end otherwise.
    await asyncio.to_thread(reset_until_closed, address, until, [0, 0])
    assert time.monotonic() < until
    assert (await edge.http.get("/v1/models")).status_code == 200
