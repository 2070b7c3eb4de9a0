# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`make cluster`: three replicas behind Envoy generate a video, and Ctrl-C ends every process."""

from __future__ import annotations

import asyncio
import os
import re
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import httpx
import pytest
from longtake.v1.video_service_pb2 import DownloadVideoRequest, WatchOperationRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

ROOT = Path(__file__).parents[2]
# PostgreSQL, the simulator, three replicas, and Envoy with the script that runs it.
PROCESSES = 7

_GUARD_SECONDS = 300

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(_GUARD_SECONDS)]


def descendants(pid: int) -> list[int]:
    """Return all processes that a process started, and those that they started."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except FileNotFoundError:
        return []
    children = [int(each) for each in text.split()]
    return [*children, *(each for child in children for each in descendants(child))]


def wait_for_ends(pids: Iterable[int]) -> None:
    """Wait until none of the processes is left. Some end a moment after their parent."""
    for pid in pids:
        with suppress(ProcessLookupError):
            process = os.pidfd_open(pid)
            select.select([process], [], [])
            os.close(process)


async def generated(address: str) -> dict[str, Any]:
    body = {
        "model": "veo-3.1-lite-generate-001",
        "prompt": "a paper boat",
        "config": {"durationSeconds": 4, "resolution": "720p"},
    }
    async with httpx.AsyncClient(base_url=f"http://{address}", timeout=_GUARD_SECONDS) as http:
        answer = (await http.post("/v1/videos:generate", json=body)).raise_for_status()
        name = answer.json()["name"]
        while not (answer := await http.post(f"/v1/{name}:wait", json={})).json().get("done"):
            answer.raise_for_status()
    operation: dict[str, Any] = answer.json()
    return operation


@pytest.fixture
async def cluster() -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.cluster"),
        *("--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    yield process
    if process.returncode is None:
        process.terminate()
        await process.communicate()


async def downloaded(address: str, operation: str) -> bytes:
    """Return the one video of an operation that has ended."""
    async with grpc.aio.insecure_channel(address) as channel:
        stub = VideoServiceStub(channel)
        watch = stub.WatchOperation(WatchOperationRequest(name=operation))
        [message] = [each async for each in watch]
        [video] = message.operation.response.generated_videos
        chunks = stub.DownloadVideo(DownloadVideoRequest(name=video.name))
        return b"".join([each.chunk.data async for each in chunks])


async def test_it_generates_a_video_through_envoy_and_leaves_no_process(
    cluster: asyncio.subprocess.Process,
) -> None:
    assert cluster.stdout is not None
    lines = [(await cluster.stdout.readline()).decode() for _ in range(5)]
    address = re.findall(r"on (\S+),", lines[0])[0]
    replicas = [int(line.split()[-1]) for line in lines[1:4]]
    postgres = int(lines[4].split()[-1])
    started = {*descendants(cluster.pid), postgres, *descendants(postgres)}
    assert len(started) > PROCESSES

    operation = await generated(address)
    os.kill(replicas[0], signal.SIGKILL)
    while await cluster.stdout.readline() != b"Replica 1 has ended\n":
        pass
    # The other two serve what the killed one may have accepted.
    content = await downloaded(address, operation["name"])

    cluster.send_signal(signal.SIGINT)
    await cluster.communicate()
    assert cluster.returncode == 0
    assert content[4:8] == b"ftyp"
    await asyncio.to_thread(wait_for_ends, started)
