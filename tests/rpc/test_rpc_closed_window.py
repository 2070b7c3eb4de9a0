# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Clients that open streams whose flow-control window stays closed, so the server cannot send."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import Event, StreamEnded, TrailersReceived
from h2.settings import SettingCodes
from longtake.v1.video_service_pb2 import WatchOperationRequest
from rpc.rpc_server import serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import pytest
    from rpc.rpc_server import Server

READERS = 30


class Client:
    """An HTTP/2 client whose streams have an empty flow-control window until it opens them."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._h2.initiate_connection()
        self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 0})

    async def watch(self, authority: str, name: str, streams: int) -> None:
        """Open a number of watches."""
        request = WatchOperationRequest(name=name).SerializeToString()
        for _ in range(streams):
            stream = self._h2.get_next_available_stream_id()
            self._h2.send_headers(
                stream,
                [
                    (":method", "POST"),
                    (":scheme", "http"),
                    (":path", "/longtake.v1.VideoService/WatchOperation"),
                    (":authority", authority),
                    ("content-type", "application/grpc"),
                    ("te", "trailers"),
                ],
            )
            self._h2.send_data(stream, b"\0" + len(request).to_bytes(4, "big") + request, True)
        self._writer.write(self._h2.data_to_send())
        await self._writer.drain()

    async def open_windows(self) -> None:
        """Open the window of every stream."""
        self._h2.update_settings({SettingCodes.INITIAL_WINDOW_SIZE: 65_535})
        self._writer.write(self._h2.data_to_send())
        await self._writer.drain()

    async def statuses(self, streams: int) -> list[str]:
        """Wait until all streams have ended, and return their gRPC statuses."""
        told: list[str] = []
        ended = 0
        while ended < streams:
            for event in await self._events():
                if isinstance(event, TrailersReceived):
                    told.append(_status(event))
                ended += isinstance(event, StreamEnded)
        return told

    async def _events(self) -> list[Event]:
        data = await self._reader.read(65_536)
        assert data, "the server closed the connection"
        events = self._h2.receive_data(data)
        self._writer.write(self._h2.data_to_send())
        return events


def _status(event: TrailersReceived) -> str:
    # Typed as bytes, but str with `header_encoding`.
    return {str(name): str(value) for name, value in event.headers}["grpc-status"]


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Client]:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield Client(reader, writer)
    finally:
        writer.close()
        await writer.wait_closed()


class Late(logging.Handler):
    """Counts the calls that the server ended because their clients did not read."""

    def __init__(self) -> None:
        super().__init__()
        self.all_given_up = asyncio.Event()
        self.lines = 0

    def emit(self, record: logging.LogRecord) -> None:
        if "left unread" in record.getMessage():
            self.lines += 1
            if self.lines == READERS:
                self.all_given_up.set()


async def until_none_watches(server: Server) -> None:
    # The ledger has no event for this. Each pass lets the streams run.
    while server.parts.watching.watches:  # noqa: ASYNC110 - the ledger has no event for it
        await asyncio.sleep(0)


async def test_readers_without_a_window_cost_a_line_each_and_are_told_when_they_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    unretrieved: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: unretrieved.append(context))
    late = Late()
    access = logging.getLogger("longtake_server.access")
    access.addHandler(late)
    try:
        async with serving(tmp_path, send_timeout_seconds=0.1) as server:
            name = await server.accepted()
            async with connected(server.address) as client:
                await client.watch(server.address, name, READERS)
                await late.all_given_up.wait()
                # A watch whose client has read nothing does not count towards the limit.
                await until_none_watches(server)
                await client.open_windows()
                assert await client.statuses(READERS) == ["14"] * READERS
    finally:
        access.removeHandler(late)
    assert late.lines == READERS
    assert unretrieved == []
    assert [record for record in caplog.records if record.exc_info] == []
