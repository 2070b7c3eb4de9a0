# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A receiver of pushes on a real port, whose hints a test sees."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
from longtake_server.push.server import PushConfig, PushServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from longtake_server.clock import Clock


class Receiving:
    """What came of what was sent."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self.base_url = ""
        self._hinted: asyncio.Queue[str] = asyncio.Queue()
        self.following = asyncio.Event()
        self.may_follow = asyncio.Event()
        self.may_follow.set()

    async def hint(self, upstream_operation: str) -> bool:
        self.following.set()
        await self.may_follow.wait()
        self._hinted.put_nowait(upstream_operation)
        return True

    async def hinted(self) -> str:
        """Return the next hint that was followed."""
        return await self._hinted.get()

    def assert_no_more(self) -> None:
        assert self._hinted.empty()

    async def send(self, body: bytes, headers: dict[str, str], path: str = "/push/webhooks") -> int:
        """Return the status of the answer."""
        return (
            await self._http.post(self.base_url + path, content=body, headers=headers)
        ).status_code


@asynccontextmanager
async def receiving(config: PushConfig, clock: Clock) -> AsyncIterator[Receiving]:
    async with httpx.AsyncClient() as http:
        parts = Receiving(http)
        server = PushServer(config, parts.hint, clock)
        parts.base_url = f"http://{server.bind('127.0.0.1:0')}"
        await server.start()
        try:
            yield parts
        finally:
            await server.stop()
