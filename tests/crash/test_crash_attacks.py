# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The effects of attacks that do not depend on time; `make attack` measures the others."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from crash.crash_attack_load import MEBIBYTE, deaf_readers, gzip_bombs
from longtake.v1.video_service_pb2 import GenerateVideosRequest, GetOperationRequest
from processes.running import GUARD_SECONDS, server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
REQUEST = GenerateVideosRequest(
    model="veo-3.1-lite-generate-001", prompt="a paper boat [sim:never]"
)


async def test_gzip_bombs_and_deaf_readers_cost_little_and_leave_no_traceback(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, send_timeout_seconds="0.5") as longtake:
        stub = await longtake.start()
        name = (await stub.GenerateVideos(REQUEST)).name
        before = longtake.process.resident_bytes
        sent = await asyncio.to_thread(gzip_bombs, longtake.address, GUARD_SECONDS, name)
        assert sent == "20 requests, UNIMPLEMENTED"
        # A single expanded request takes 60 MiB.
        assert longtake.process.resident_bytes - before < 48 * MEBIBYTE
        await asyncio.to_thread(deaf_readers, longtake.address, 3.0, name)
        await stub.GetOperation(GetOperationRequest(name=name))
        assert await longtake.process.terminate() == 0
        assert "Traceback" not in longtake.log
        assert "never retrieved" not in longtake.log
