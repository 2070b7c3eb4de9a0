# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An upstream that refuses connections: the cost of the operations that wait for it."""

from __future__ import annotations

import asyncio
import socket
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import ListOperationsRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.programs import running
from benchmarks.report import Table, at_most
from benchmarks.servers import generation, longtake, quota

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake.v1.operation_pb2 import GenerateVideosOperation

    from benchmarks.programs import Program

_AT_ONCE = 50
_PAGE = 1000
_BETWEEN_LISTS_SECONDS = 0.2
_GIVE_UP_SECONDS = 60.0
_NOT_SUBMITTED = ("state = QUEUED", "state = SUBMITTING")


def measure(*, queued: int = 1000, seconds: float = 30.0) -> Table:
    """Queue generations, observe the server for some time, then start the upstream."""
    with tempfile.TemporaryDirectory(prefix="longtake-outage-") as name, ExitStack() as parts:
        folder, port = Path(name), _free_port()
        settings = {
            "upstream": "agent_platform",
            "google_project": "benchmark",
            "google_access_token": "benchmark",
            "google_base_url": f"http://127.0.0.1:{port}",
            "catalogue_file": quota(folder, requests_per_minute=0),
            "log_level": "error",
        }
        server = parts.enter_context(longtake(folder, **settings))
        asyncio.run(_accept(server, queued))
        before, taken = asyncio.run(_all(server, queued)), server.processor_seconds()
        time.sleep(seconds)
        share = (server.processor_seconds() - taken) / seconds
        after = asyncio.run(_all(server, queued))
        parts.enter_context(running(["veo_simulator", "--port", str(port), "--latency", "0"], {}))
        going = asyncio.run(_until_all_go(server))
    attempts = (_attempts(after) - _attempts(before)) / seconds
    idle = _idle_revisions(before, after)
    return Table(
        title="An upstream that refuses connections",
        note=f"{queued} operations are queued and observed for {seconds:g} s while the upstream "
        "refuses connections. Then the upstream starts. Attempts are the sum over all operations. "
        "Revisions are new revisions of operations that made no attempt.",
        columns=("queued", "attempts per s", "revisions", "% of a core", "s until all submitted"),
        rows=(
            (
                f"{queued}",
                f"{attempts:.2f}",
                f"{idle}",
                f"{share * 100:.2f}",
                f"{going:.1f}",
            ),
        ),
        budgets=(
            at_most("Outage, attempts of all operations", 1.0, attempts, "a second"),
            at_most("Outage, new revisions of waiting operations", 0, idle, "revisions"),
            at_most("Outage, processor time", 2.0, share * 100, "% of a core"),
            at_most("Outage, time until all are submitted", 10.0, going, "s after its end"),
        ),
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _accept(server: Program, queued: int) -> None:
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = VideoServiceStub(channel)
        for start in range(0, queued, _AT_ONCE):
            many = range(start, min(queued, start + _AT_ONCE))
            await asyncio.gather(*(stub.GenerateVideos(generation()) for _ in many))


async def _all(server: Program, queued: int) -> Sequence[GenerateVideosOperation]:
    found: list[GenerateVideosOperation] = []
    token = ""
    async with grpc.aio.insecure_channel(
        server.address, options=[("grpc.max_receive_message_length", -1)]
    ) as channel:
        stub = VideoServiceStub(channel)
        while len(found) < queued:
            page = await stub.ListOperations(
                ListOperationsRequest(page_size=_PAGE, page_token=token)
            )
            found += page.operations
            token = page.next_page_token
    return found


async def _until_all_go(server: Program) -> float:
    """Return the seconds until no operation is QUEUED or SUBMITTING."""
    begun = time.monotonic()
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = VideoServiceStub(channel)
        while time.monotonic() - begun < _GIVE_UP_SECONDS:
            # One of each is enough to know, and costs the server next to nothing.
            left = [
                await stub.ListOperations(ListOperationsRequest(page_size=1, filter=wanted))
                for wanted in _NOT_SUBMITTED
            ]
            if not any(page.operations for page in left):
                break
            await asyncio.sleep(_BETWEEN_LISTS_SECONDS)
    return time.monotonic() - begun


def _attempts(operations: Sequence[GenerateVideosOperation]) -> int:
    return sum(each.metadata.attempts for each in operations)


def _idle_revisions(
    before: Sequence[GenerateVideosOperation], after: Sequence[GenerateVideosOperation]
) -> int:
    attempts = {each.name: each.metadata.attempts for each in before}
    revisions = {each.name: each.revision for each in before}
    return sum(
        each.revision - revisions[each.name]
        for each in after
        if each.metadata.attempts == attempts[each.name]
    )
