# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A way to the server that a test can break."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK_BYTES = 64 << 10


class Proxy:
    """Passes connections on to an address.

    Attributes:
        address: Where it listens.
        connections: How many have come.
    """

    def __init__(self, upstream: str) -> None:
        self._host, _, self._port = upstream.rpartition(":")
        self._writers: set[asyncio.StreamWriter] = set()
        self.address = ""
        self.connections = 0

    def cut(self) -> None:
        """Break every connection, as a machine does that is gone; new ones are passed on."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it."""
        self.connections += 1
        their_reader, their_writer = await asyncio.open_connection(self._host, self._port)
        ours = {writer, their_writer}
        self._writers |= ours
        try:
            async with asyncio.TaskGroup() as directions:
                directions.create_task(_copy(reader, their_writer))
                directions.create_task(_copy(their_reader, writer))
        finally:
            self._writers -= ours


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while data := await reader.read(_CHUNK_BYTES):
            writer.write(data)
            await writer.drain()
    writer.close()


@asynccontextmanager
async def proxy_to(upstream: str) -> AsyncIterator[Proxy]:
    """Listen on a free port while it lasts."""
    proxy = Proxy(upstream)
    listener = await asyncio.start_server(proxy.connected, "127.0.0.1", 0)
    proxy.address = "{}:{}".format(*listener.sockets[0].getsockname())
    try:
        yield proxy
    finally:
        listener.close()
        proxy.cut()
        await listener.wait_closed()
