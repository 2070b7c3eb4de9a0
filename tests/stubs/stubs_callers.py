# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The two halves of the client behind one face, so that each test is of both."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from longtake import AsyncClient, Client, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from longtake import types
    from longtake._durations import Seconds
    from longtake.types import GenerateVideosResponse, Operation, OperationEvent

T = TypeVar("T")
AT_ONCE = RetryPolicy(initial_seconds=0.0, attempts=3)


class Caller(Protocol):
    """What the tests do with a client."""

    def generate(self, **arguments: Any) -> Operation[Any]: ...

    def states(self, name: str, after_revision: int = 0) -> list[Operation[Any]]: ...

    def result(self, name: str, timeout: Seconds | None = None) -> GenerateVideosResponse[Any]: ...

    def events(self, count: int, **arguments: Any) -> list[OperationEvent[Any]]: ...

    def read(self, name: str) -> bytes: ...

    def save(self, name: str, path: Path) -> Path: ...

    def get(self, name: str) -> Operation[Any]: ...

    def whoami(self) -> types.Caller: ...

    def usage(self, *arguments: Any, **named: Any) -> list[types.Usage]: ...

    def video_url(self, *arguments: Any, **named: Any) -> types.VideoUrl: ...


class BlockingCaller:
    def __init__(self, address: str, **options: Any) -> None:
        self._address = address
        self._options = {"retry": AT_ONCE, **options}

    def generate(self, **arguments: Any) -> Operation[Any]:
        with self._client() as client:
            return client.models.generate_videos(**arguments)

    def states(self, name: str, after_revision: int = 0) -> list[Operation[Any]]:
        with self._client() as client:
            return list(client.operations.watch(name, after_revision))

    def result(self, name: str, timeout: Seconds | None = None) -> GenerateVideosResponse[Any]:
        with self._client() as client:
            return client.operations.result(name, timeout)

    def events(self, count: int, **arguments: Any) -> list[OperationEvent[Any]]:
        with self._client() as client, closing(client.operations.watch_all(**arguments)) as events:
            return list(islice(events, count))

    def read(self, name: str) -> bytes:
        with self._client() as client:
            return client.operations.video(name).data

    def save(self, name: str, path: Path) -> Path:
        with self._client() as client:
            return client.operations.video(name).save(path)

    def get(self, name: str) -> Operation[Any]:
        with self._client() as client:
            return client.operations.get(name)

    def whoami(self) -> types.Caller:
        with self._client() as client:
            return client.caller.get()

    def usage(self, *arguments: Any, **named: Any) -> list[types.Usage]:
        with self._client() as client:
            return list(client.usage.list(*arguments, **named))

    def video_url(self, *arguments: Any, **named: Any) -> types.VideoUrl:
        with self._client() as client:
            return client.operations.create_video_url(*arguments, **named)

    def _client(self) -> Client:
        return Client(self._address, **self._options)


class AsyncCaller:
    def __init__(self, address: str, **options: Any) -> None:
        self._address = address
        self._options = {"retry": AT_ONCE, **options}

    def generate(self, **arguments: Any) -> Operation[Any]:
        return self._run(lambda client: client.models.generate_videos(**arguments))

    def states(self, name: str, after_revision: int = 0) -> list[Operation[Any]]:
        async def collect(client: AsyncClient) -> list[Operation[Any]]:
            return [state async for state in client.operations.watch(name, after_revision)]

        return self._run(collect)

    def result(self, name: str, timeout: Seconds | None = None) -> GenerateVideosResponse[Any]:
        return self._run(lambda client: client.operations.result(name, timeout))

    def events(self, count: int, **arguments: Any) -> list[OperationEvent[Any]]:
        async def collect(client: AsyncClient) -> list[OperationEvent[Any]]:
            async with aclosing(client.operations.watch_all(**arguments)) as events:
                return [await anext(events) for _ in range(count)]

        return self._run(collect)

    def read(self, name: str) -> bytes:
        return self._run(lambda client: client.operations.video(name).read())

    def save(self, name: str, path: Path) -> Path:
        return self._run(lambda client: client.operations.video(name).save(path))

    def get(self, name: str) -> Operation[Any]:
        return self._run(lambda client: client.operations.get(name))

    def whoami(self) -> types.Caller:
        return self._run(lambda client: client.caller.get())

    def usage(self, *arguments: Any, **named: Any) -> list[types.Usage]:
        async def collect(client: AsyncClient) -> list[types.Usage]:
            return [row async for row in client.usage.list(*arguments, **named)]

        return self._run(collect)

    def video_url(self, *arguments: Any, **named: Any) -> types.VideoUrl:
        return self._run(lambda client: client.operations.create_video_url(*arguments, **named))

    def _run(self, do: Callable[[AsyncClient], Awaitable[T]]) -> T:
        async def run() -> T:
            async with AsyncClient(self._address, **self._options) as client:
                return await do(client)

        return asyncio.run(run())
