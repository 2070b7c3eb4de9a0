# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Hints are bounded, outlive what fails, and end when the server drains."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from longtake_server.clock import SystemClock
from longtake_server.errors import StartFailure, StorageUnavailable
from longtake_server.push.faults import NoRoom
from longtake_server.push.hints import Hints
from longtake_server.push.server import PushConfig, PushServer
from push.push_receiving import receiving
from push.push_senders import SECRET, static_headers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MOST_WAITING = 1024
STATIC = PushConfig(webhook_secret=SECRET)


class Following:
    """Follows hints, or fails at those of some names."""

    def __init__(self, **failures: Exception) -> None:
        self.failures = failures
        self.followed: asyncio.Queue[str] = asyncio.Queue()

    async def hint(self, name: str) -> bool:
        if name in self.failures:
            raise self.failures[name]
        await self.followed.put(name)
        return False


@asynccontextmanager
async def running(hints: Hints) -> AsyncIterator[None]:
    task = asyncio.create_task(hints.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_hint_that_cannot_be_followed_does_not_stop_the_others() -> None:
    following = Following(first=StorageUnavailable("the disk is full"), second=KeyError("defect"))
    hints = Hints(following.hint)
    async with running(hints):
        hints.put("1", ["first", "second"])
        hints.put("2", ["third"])
        assert await following.followed.get() == "third"


async def test_a_message_that_found_no_room_is_taken_when_it_comes_again() -> None:
    following = Following()
    hints = Hints(following.hint, most_waiting=1)
    hints.put("1", ["first"])
    with pytest.raises(NoRoom):
        hints.put("2", ["second"])
    hints.put("1", ["first"])
    async with running(hints):
        assert await following.followed.get() == "first"
        hints.put("2", ["second"])
        assert await following.followed.get() == "second"


async def test_the_longest_unseen_ids_are_forgotten() -> None:
    following = Following()
    hints = Hints(following.hint, most_remembered=2)
    for message_id in ("1", "2", "1", "3", "1", "2"):
        hints.put(message_id, [message_id])
    async with running(hints):
        followed = [await following.followed.get() for _ in range(4)]
    assert followed == ["1", "2", "3", "2"]
    assert following.followed.empty()


async def test_a_draining_server_takes_no_more() -> None:
    hints = Hints(Following().hint)
    hints.drain()
    with pytest.raises(NoRoom):
        hints.put("1", ["first"])


async def test_a_full_queue_asks_the_sender_to_come_again() -> None:
    async with receiving(STATIC, SystemClock()) as parts:

        async def send(number: int) -> int:
            body = f'"up/{number}"'.encode()
            return await parts.send(body, static_headers(body, message_id=f"msg_{number}"))

        parts.may_follow.clear()
        assert await send(0) == 204
        await parts.following.wait()
        statuses = await asyncio.gather(*(send(number) for number in range(1, MOST_WAITING + 1)))
        assert set(statuses) == {204}
        assert await send(MOST_WAITING + 1) == 503
        parts.may_follow.set()
        names = {await parts.hinted() for _ in range(MOST_WAITING + 1)}
        assert len(names) == MOST_WAITING + 1
        assert await send(MOST_WAITING + 1) == 204
        assert await parts.hinted() == f"up/{MOST_WAITING + 1}"


async def test_a_server_ends_once_and_frees_its_port() -> None:
    first, second = (PushServer(STATIC, Following().hint, SystemClock()) for _ in range(2))
    address = first.bind("127.0.0.1:0")
    await first.start()
    with pytest.raises(StartFailure, match=r"another program .* LONGTAKE_PUSH_LISTEN"):
        second.bind(address)
    await first.stop()
    await first.stop()
    assert second.bind(address) == address
    await second.stop()


async def test_an_address_of_another_machine_is_refused() -> None:
    server = PushServer(STATIC, Following().hint, SystemClock())
    with pytest.raises(StartFailure, match="this machine does not have that address"):
        server.bind("192.0.2.1:80")
    await server.stop()
