# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP listener lets go of clients that leave, do not read, or lose their leave to read."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from door.door_serving import http_serving
from door.door_videos import address_of, signed_video
from fakes.access_log import access_lines
from fakes.clock import FakeClock
from longtake.v1 import video_service_pb2 as api

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from door.door_serving import HttpDoor
    from fakes.access_log import AccessLines

SIZE = 32 << 20


@pytest.fixture
def lines() -> Iterator[AccessLines]:
    with access_lines() as lines:
        yield lines


@asynccontextmanager
async def reading(door: HttpDoor, url: str) -> AsyncIterator[asyncio.StreamReader]:
    """Ask for an address on a connection of its own; yields the response, with little buffer."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 16)
    writer.write(
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode()
    )
    try:
        yield reader
    finally:
        writer.close()


async def test_a_reader_that_stops_reading_is_let_go_and_can_resume(
    tmp_path: Path, lines: AccessLines
) -> None:
    async with http_serving(tmp_path, send_timeout_seconds=0.1) as door:
        url = await signed_video(door, bytes(SIZE))
        async with reading(door, url) as response:
            head = await response.readuntil(b"\r\n\r\n")
            assert f"content-length: {SIZE}\r\n".encode() in head
            await lines.until("ended a response early")
            await lines.until("request")
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await response.readexactly(SIZE)
    async with http_serving(tmp_path / "second") as door:
        url = await signed_video(door, bytes(SIZE))
        rest = await door.client.get(url, headers={"range": f"bytes={SIZE - 5}-"})
        assert rest.content == bytes(5)


async def test_a_client_that_leaves_ends_its_request(tmp_path: Path, lines: AccessLines) -> None:
    async with http_serving(tmp_path) as door:
        async with reading(door, await signed_video(door, bytes(SIZE))) as response:
            await response.readuntil(b"\r\n\r\n")
        assert (await lines.until("request"))["code"] == 200


async def test_a_download_ends_soon_after_its_operation_is_deleted(
    tmp_path: Path, lines: AccessLines
) -> None:
    clock = FakeClock()
    async with http_serving(tmp_path, clock=clock) as door:
        name = await door.grpc.succeeded(bytes(SIZE))
        async with reading(door, await address_of(door, name)) as response:
            await response.readuntil(b"\r\n\r\n")
            await door.grpc.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
            clock.advance(4)
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await response.readexactly(SIZE)
        await lines.until("ended a response early")


async def test_a_download_in_progress_ends_well_when_the_server_stops(tmp_path: Path) -> None:
    async with http_serving(tmp_path, grace_seconds=600.0) as door:
        async with reading(door, await signed_video(door, bytes(SIZE))) as response:
            await response.readuntil(b"\r\n\r\n")
            stopping = asyncio.create_task(door.listener.stop())
            assert await response.readexactly(SIZE) == bytes(SIZE)
            assert await response.read() == b""
        await stopping
