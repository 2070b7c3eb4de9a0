# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The network between one replica and the databases, which can be cut.

A proxy of its own for each replica takes the place of a network namespace, which needs root.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    _Connected = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_CHUNK = 1 << 16
_HOST = "127.0.0.1"


class Cut(Enum):
    """How a link is cut."""

    # Connections are reset, and new ones too.
    RESET = auto()
    # Nothing passes, and nobody is told. What was under way arrives after the repair.
    SILENT = auto()


class Link:
    """Passes the connections of one replica on to the databases.

    Args:
        targets: The ports of the databases.

    Attributes:
        ports: The ports that stand for them.

    """

    def __init__(self, targets: Sequence[int]) -> None:
        self._targets = targets
        self._is_reset = False
        self._passing = asyncio.Event()
        self._passing.set()
        self._ends: set[asyncio.StreamWriter] = set()
        self.ports: list[int] = []

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Link]:
        """Serve until the block ends."""
        async with AsyncExitStack() as stack:
            for target in self._targets:
                server = await asyncio.start_server(self._passed_to(target), _HOST, 0)
                self.ports.append(server.sockets[0].getsockname()[1])
                await stack.enter_async_context(server)
                stack.callback(server.close)
            stack.callback(self._abort)
            stack.callback(self._passing.set)
            yield self

    @asynccontextmanager
    async def cut(self, how: Cut) -> AsyncIterator[None]:
        """Cut the link until the block ends."""
        if how is Cut.SILENT:
            self._passing.clear()
        else:
            self._is_reset = True
            self._abort()
        try:
            yield
        finally:
            self._is_reset = False
            self._passing.set()

    def _abort(self) -> None:
        for end in self._ends:
            end.transport.abort()

    def _passed_to(self, target: int) -> _Connected:
        async def connected(client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
            await self._passing.wait()
            if self._is_reset:
                back.transport.abort()
                return
            try:
                answers, onward = await asyncio.open_connection(_HOST, target)
            except OSError:
                back.transport.abort()
                return
            self._ends |= {back, onward}
            with suppress(OSError):
                await asyncio.gather(self._pass(client, onward), self._pass(answers, back))
            for end in (back, onward):
                self._ends.discard(end)
                end.transport.abort()

        return connected

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(_CHUNK):
            await self._passing.wait()
            sink.write(data)
            await sink.drain()
        # The other side hears of the end only once the network passes things on again.
        await self._passing.wait()
        sink.close()
