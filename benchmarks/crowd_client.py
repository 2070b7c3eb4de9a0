# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The watchers of benchmarks.crowd, in a separate process that can be killed.

Reads one JSON order per line and answers each with a line of JSON:

- `watch`: the operations with their known revisions, the number of watchers, and the metadata of
  their calls. Answered when each watcher has received a message.
- `until`: operations with revisions. Answered when every watcher has reached them.
- `ended`: answered when every stream has ended without an error.

Exits with an error if a watcher receives a revision twice or out of order.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from google.protobuf.duration_pb2 import Duration
from longtake.v1.video_service_pb2 import WatchOperationRequest, WatchOperationResponse

from benchmarks.load import watching

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


class _Watcher:
    """Follows an operation and checks that its revisions only increase."""

    def __init__(self, name: str, revision: int, told: Callable[[], None]) -> None:
        self.name = name
        self.revision = revision
        self.messages = 0
        self.heartbeats = 0
        self.done = False
        self._told = told

    async def follow(self, stream: AsyncIterator[bytes]) -> None:
        async for data in stream:
            message = WatchOperationResponse.FromString(data)
            if message.HasField("heartbeat"):
                self.heartbeats += 1
                self._expect(message.heartbeat.revision == self.revision, message)
            else:
                operation = message.operation
                self._expect(operation.name == self.name, message)
                self._expect(operation.revision > self.revision and not self.done, message)
                self.revision, self.done = operation.revision, operation.done
                self.messages += 1
            self._told()
        self._expect(self.done, "the end of the stream")

    def _expect(self, holds: bool, what: object) -> None:
        if not holds:
            raise RuntimeError(f"{self.name} at revision {self.revision} received {what}")


class _Watchers:
    """All watchers, and which of them have not reached the expected state."""

    def __init__(self) -> None:
        self._all: list[_Watcher] = []
        self._following: list[asyncio.Task[None]] = []
        self._missing: set[_Watcher] = set()
        self._none_missing = asyncio.Event()
        self._knows: Callable[[_Watcher], bool] = lambda _: True

    async def obey(self, order: dict[str, Any], address: str, channels: AsyncExitStack) -> None:
        """Carry out an order."""
        if "watch" in order:
            await self._watch(order, address, channels)
        elif "until" in order:
            revisions: dict[str, int] = order["until"]
            await self._each(lambda one: one.revision >= revisions[one.name])
        else:
            await asyncio.gather(*self._following)

    async def _watch(self, order: dict[str, Any], address: str, channels: AsyncExitStack) -> None:
        known: list[tuple[str, int]] = list(order["watch"].items())
        heartbeat_interval = Duration(seconds=order["heartbeat_seconds"])
        requests = []
        for number in range(order["watchers"]):
            name, revision = known[number % len(known)]
            requests.append(
                WatchOperationRequest(
                    name=name, after_revision=revision, heartbeat_interval=heartbeat_interval
                )
            )
            self._all.append(_Watcher(name, revision, self._look(number)))
        metadata = tuple((key, value) for key, value in order["metadata"])
        streams = await watching(address, metadata, requests, channels)
        self._following = [
            asyncio.create_task(watcher.follow(stream))
            for watcher, stream in zip(self._all, streams, strict=True)
        ]
        await self._each(lambda one: one.messages + one.heartbeats > 0)

    def _look(self, number: int) -> Callable[[], None]:
        def look() -> None:
            watcher = self._all[number]
            if watcher in self._missing and self._knows(watcher):
                self._missing.discard(watcher)
                if not self._missing:
                    self._none_missing.set()

        return look

    async def _each(self, knows: Callable[[_Watcher], bool]) -> None:
        """Wait until `knows` holds for every watcher. Raises what any of them raises."""
        self._knows = knows
        self._missing = {watcher for watcher in self._all if not knows(watcher)}
        if not self._missing:
            return
        self._none_missing.clear()
        knowing = asyncio.ensure_future(self._none_missing.wait())
        waited: set[asyncio.Future[Any]] = {knowing, *self._following}
        while not knowing.done():
            ended, waited = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            for task in ended:
                task.result()

    @property
    def told(self) -> dict[str, int]:
        """The numbers of states and heartbeats received so far."""
        return {
            "messages": sum(watcher.messages for watcher in self._all),
            "heartbeats": sum(watcher.heartbeats for watcher in self._all),
        }


async def _orders() -> AsyncIterator[dict[str, Any]]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield json.loads(line)


async def _main(address: str) -> None:
    watchers = _Watchers()
    async with AsyncExitStack() as channels:
        async for order in _orders():
            await watchers.obey(order, address, channels)
            sys.stdout.write(json.dumps(watchers.told) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1]))
