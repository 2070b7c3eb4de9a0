# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A closed client of either half says so, whatever is asked of it or is under way."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, Silence, video_service
from longtake import AsyncClient, Client, RetryPolicy
from longtake.errors import ClientClosed
from stubs.stubs_messages import (
    MODEL,
    NAME,
    VIDEO,
    changed,
    chunk,
    operation,
    seen,
    set_complete,
    succeeded,
    unavailable,
    whole_video,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable
    from pathlib import Path

    from google.protobuf.message import Message

FIRST = f"{NAME}/videos/0"
AN_HOUR = RetryPolicy(initial_seconds=3600.0, max_seconds=3600.0)

BLOCKING_CALLS: dict[str, Callable[[Client, Path], object]] = {
    "generate_videos": lambda client, _: client.models.generate_videos(model=MODEL, prompt="a dog"),
    "models.get": lambda client, _: client.models.get(MODEL),
    "models.list": lambda client, _: list(client.models.list()),
    "get": lambda client, _: client.operations.get(NAME),
    "watch": lambda client, _: list(client.operations.watch(NAME)),
    "watch_all": lambda client, _: list(client.operations.watch_all()),
    "watch_all_messages": lambda client, _: list(client.operations.watch_all_messages()),
    "wait": lambda client, _: client.operations.wait(NAME),
    "result": lambda client, _: client.operations.result(NAME),
    "list": lambda client, _: list(client.operations.list()),
    "cancel": lambda client, _: client.operations.cancel(NAME),
    "delete": lambda client, _: client.operations.delete(NAME),
    "create_video_url": lambda client, _: client.operations.create_video_url(FIRST),
    "files.download": lambda client, _: client.files.download(file=client.operations.video(FIRST)),
    "caller.get": lambda client, _: client.caller.get(),
    "usage.list": lambda client, _: list(client.usage.list()),
    "video.data": lambda client, _: client.operations.video(FIRST).data,
    "video.read": lambda client, _: client.operations.video(FIRST).read(),
    "video.save": lambda client, path: client.operations.video(FIRST).save(path),
}


async def _all(items: AsyncGenerator[Any]) -> list[Any]:
    return [item async for item in items]


ASYNC_CALLS: dict[str, Callable[[AsyncClient, Path], Awaitable[object]]] = {
    "generate_videos": lambda client, _: client.models.generate_videos(model=MODEL, prompt="a dog"),
    "models.get": lambda client, _: client.models.get(MODEL),
    "models.list": lambda client, _: _all(client.models.list()),
    "get": lambda client, _: client.operations.get(NAME),
    "watch": lambda client, _: _all(client.operations.watch(NAME)),
    "watch_all": lambda client, _: _all(client.operations.watch_all()),
    "watch_all_messages": lambda client, _: _all(client.operations.watch_all_messages()),
    "wait": lambda client, _: client.operations.wait(NAME),
    "result": lambda client, _: client.operations.result(NAME),
    "list": lambda client, _: _all(client.operations.list()),
    "cancel": lambda client, _: client.operations.cancel(NAME),
    "delete": lambda client, _: client.operations.delete(NAME),
    "create_video_url": lambda client, _: client.operations.create_video_url(FIRST),
    "files.download": lambda client, _: client.files.download(file=client.operations.video(FIRST)),
    "caller.get": lambda client, _: client.caller.get(),
    "usage.list": lambda client, _: _all(client.usage.list()),
    "video.read": lambda client, _: client.operations.video(FIRST).read(),
    "video.save": lambda client, path: client.operations.video(FIRST).save(path),
}
closed = pytest.raises(ClientClosed, match=r"^the client is closed; ")


def assert_empty(folder: Path) -> None:
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("call", BLOCKING_CALLS)
def test_every_call_on_a_closed_client_says_so(call: str, tmp_path: Path) -> None:
    client = Client("localhost:1")
    client.close()
    client.close()

    with closed:
        BLOCKING_CALLS[call](client, tmp_path / "video.mp4")
    assert_empty(tmp_path)


@pytest.mark.parametrize("call", ASYNC_CALLS)
async def test_every_call_on_a_closed_asynchronous_client_says_so(
    call: str, tmp_path: Path
) -> None:
    client = AsyncClient("localhost:1")
    await client.close()
    await client.close()

    with closed:
        await ASYNC_CALLS[call](client, tmp_path / "video.mp4")
    assert_empty(tmp_path)


def test_no_call_is_left_out() -> None:
    for part in ("models", "operations", "files", "caller", "usage"):
        for kind, calls in ((Client, BLOCKING_CALLS), (AsyncClient, ASYNC_CALLS)):
            methods = {
                name
                for name in dir(getattr(kind("localhost:1"), part))
                if not name.startswith("_") and name not in {"bind", "video"}
            }
            assert {name.rpartition(".")[2] for name in calls} >= methods


def test_a_client_that_never_made_a_call_can_be_closed_and_its_other_half_lives_on() -> None:
    with video_service(Call("GetOperation", operation())) as service:
        client = Client(service.address)
        client.close()

        async def get() -> int:
            async with client.aio:
                return (await client.aio.operations.get(NAME)).revision

        assert asyncio.run(get()) == 1


def test_results_of_a_client_that_was_closed_meanwhile_say_so(tmp_path: Path) -> None:
    with video_service(
        Call("GetOperation", succeeded(videos=2)), Call("DownloadVideo", whole_video())
    ) as service:
        with Client(service.address) as client:
            response = client.operations.get(NAME).response
            assert response is not None
            fetched, other = (one.video for one in response.generated_videos)
            assert fetched.data == VIDEO

        assert fetched.data == VIDEO
        with closed:
            _ = other.data
        with closed:
            other.save(tmp_path / "video.mp4")
    assert_empty(tmp_path)


UNDER_WAY: dict[str, tuple[str, list[Message]]] = {
    "get": ("GetOperation", []),
    "models.list": ("ListModels", []),
    "watch": ("WatchOperation", [seen(operation())]),
    "wait": ("WatchOperation", []),
    "watch_all": ("WatchOperations", [changed(operation()), set_complete("a")]),
    "video.read": ("DownloadVideo", [chunk(VIDEO[:1000], size_bytes=len(VIDEO))]),
    "video.save": ("DownloadVideo", [chunk(VIDEO[:1000], size_bytes=len(VIDEO))]),
}


@pytest.mark.parametrize("call", UNDER_WAY)
def test_a_call_under_way_ends_when_another_thread_closes_the_client(
    call: str, tmp_path: Path
) -> None:
    method, answers = UNDER_WAY[call]
    with (
        video_service(Call(method, *answers, Silence.UNTIL_THE_CALLER_LEAVES)) as service,
        ThreadPoolExecutor(1) as threads,
    ):
        client = Client(service.address)
        waiting = threads.submit(BLOCKING_CALLS[call], client, tmp_path / "video.mp4")
        service.arrivals.get()
        client.close()

        with closed:
            waiting.result()
    assert_empty(tmp_path)


@pytest.mark.parametrize("call", UNDER_WAY)
async def test_a_call_under_way_ends_when_another_task_closes_the_client(
    call: str, tmp_path: Path
) -> None:
    method, answers = UNDER_WAY[call]
    with video_service(Call(method, *answers, Silence.UNTIL_THE_CALLER_LEAVES)) as service:
        client = AsyncClient(service.address)
        waiting = asyncio.ensure_future(ASYNC_CALLS[call](client, tmp_path / "video.mp4"))
        await asyncio.to_thread(service.arrivals.get)
        await client.close()

        with closed:
            await waiting
    assert_empty(tmp_path)


async def test_a_task_that_is_cancelled_while_the_client_closes_stays_cancelled() -> None:
    silent = Call("WatchOperation", seen(operation()), Silence.UNTIL_THE_CALLER_LEAVES)
    with video_service(silent) as service:
        client = AsyncClient(service.address)
        waiting = asyncio.ensure_future(client.operations.wait(NAME))
        await asyncio.to_thread(service.arrivals.get)
        waiting.cancel()
        await client.close()

        with suppress(asyncio.CancelledError):
            await waiting
        assert waiting.cancelled()


def test_closing_a_client_ends_the_wait_before_a_stream_is_resumed() -> None:
    breaking = Call("WatchOperation", seen(operation()), unavailable())
    with video_service(breaking) as service, ThreadPoolExecutor(1) as threads:
        client = Client(service.address, retry=AN_HOUR)
        has_begun = threading.Event()

        def watch() -> None:
            for _ in client.operations.watch(NAME):
                has_begun.set()

        waiting = threads.submit(watch)
        has_begun.wait()
        service.received[0].ended.wait()
        client.close()

        with closed:
            waiting.result()


async def test_closing_an_asynchronous_client_ends_the_wait_before_a_stream_is_resumed() -> None:
    breaking = Call("WatchOperation", seen(operation()), unavailable())
    with video_service(breaking) as service:
        client = AsyncClient(service.address, retry=AN_HOUR)
        async with aclosing(client.operations.watch(NAME)) as states:
            await anext(states)
            waiting = asyncio.ensure_future(anext(states))
            await asyncio.to_thread(service.received[0].ended.wait)
            await client.close()

            with closed:
                await waiting
