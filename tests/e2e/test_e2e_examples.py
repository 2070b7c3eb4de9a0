# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The examples run unchanged against the service with its embedded simulator."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import av
import pytest
from longtake.v1.video_service_pb2 import ListOperationsRequest, WaitOperationRequest
from PIL import Image
from processes.running import GUARD_SECONDS, server

EXAMPLES = Path(__file__).parents[2] / "examples"


async def run(example: str, folder: Path, address: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(EXAMPLES / f"{example}.py"),
        cwd=folder,
        env={**os.environ, "LONGTAKE_ADDRESS": address},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_examples_run(tmp_path: Path) -> None:
    Image.new("RGB", (1600, 900), "steelblue").save(tmp_path / "landscape.jpg")
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        stub = await longtake.start()
        text, image, polling = await asyncio.gather(
            run("text_to_video", tmp_path, longtake.address),
            run("image_to_video", tmp_path, longtake.address),
            run("async_polling", tmp_path, longtake.address),
        )
        assert text.startswith("Operation started: operations/")
        assert text.endswith("Generated 1 video(s)\n")
        assert image.startswith("Operation: operations/")
        assert polling.endswith("Success! 1 videos generated\n")
        operations = (await stub.ListOperations(ListOperationsRequest())).operations
        ended = [
            await stub.WaitOperation(WaitOperationRequest(name=one.name)) for one in operations
        ]
        assert [one.HasField("response") for one in ended] == [True, True, True]
    with av.open(str(tmp_path / "generated_0.mp4"), "r") as video:
        assert sum(1 for _ in video.decode(video=0)) == 5 * 24
