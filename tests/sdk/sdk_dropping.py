# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A way to the server on which the answer to the first request is lost."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_CHUNK_BYTES = 1 << 16


class Dropping:
    """Passes connections on. The first ends where its answer begins, which is not passed on.

    Attributes:
        base_url: Where it listens.
        requests: The head of the first request of each connection.
    """

    def __init__(self, base_url: str) -> None:
        self._host, _, self._port = base_url.removeprefix("http://").rpartition(":")
        self.base_url = ""
        self.requests: list[str] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on until either side ends it."""
        is_first = not self.requests
        self.requests.append("")
        number = len(self.requests) - 1
        their_reader, their_writer = await asyncio.open_connection(self._host, self._port)

        async def upwards() -> None:
            while data := await reader.read(_CHUNK_BYTES):
                self.requests[number] = self.requests[number] or data.decode(errors="replace")
                their_writer.write(data)
                await their_writer.drain()

        async def downwards() -> None:
            while data := await their_reader.read(_CHUNK_BYTES):
                if is_first:
                    break
                writer.write(data)
                await writer.drain()

        directions = [asyncio.create_task(upwards()), asyncio.create_task(downwards())]
        try:
            await asyncio.wait(directions, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for direction in directions:
                direction.cancel()
            await asyncio.gather(*directions, return_exceptions=True)
            writer.transport.abort()
            their_writer.transport.abort()


@asynccontextmanager
async def dropping(base_url: str) -> AsyncIterator[Dropping]:
    """Listen on a free port while it lasts."""
    way = Dropping(base_url)
    async with await asyncio.start_server(way.connected, "127.0.0.1", 0) as listening:
        host, port = listening.sockets[0].getsockname()
        way.base_url = f"http://{host}:{port}"
        yield way
