# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""CANCELLED: what gRPC of a stopping server answers is repeated, what the caller cancels is not."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, Silence, video_service
from google.rpc import code_pb2
from longtake import AsyncClient, Client
from longtake.errors import ClientError
from stubs.stubs_callers import AT_ONCE
from stubs.stubs_messages import (
    MODEL,
    NAME,
    VIDEO,
    chunk,
    error_info,
    operation,
    seen,
    sha256,
    status,
    succeeded,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

STOPPING = status(code_pb2.CANCELLED, "CANCELLED")
CUT = 1000


def test_a_generation_is_repeated_with_its_request_id(caller: MakeCaller) -> None:
    with video_service(
        Call("GenerateVideos", STOPPING), Call("GenerateVideos", operation())
    ) as service:
        assert caller(service.address).generate(model=MODEL, prompt="a dog").name == NAME

        first, second = (one.request_id for one in service.requests("GenerateVideos"))
        assert first == second != ""


def test_a_call_that_reads_is_repeated(caller: MakeCaller) -> None:
    with video_service(
        Call("GetOperation", STOPPING), Call("GetOperation", operation())
    ) as service:
        assert caller(service.address).get(NAME).name == NAME


def test_a_watch_goes_on_after_the_last_revision(caller: MakeCaller) -> None:
    with video_service(
        Call("WatchOperation", seen(operation("RUNNING", 3)), STOPPING),
        Call("WatchOperation", seen(succeeded(4))),
    ) as service:
        assert [one.revision for one in caller(service.address).states(NAME)] == [3, 4]
        assert [one.after_revision for one in service.requests("WatchOperation")] == [0, 3]


def test_a_download_goes_on_at_its_offset(caller: MakeCaller) -> None:
    beginning = chunk(VIDEO[:CUT], size_bytes=len(VIDEO), sha256=sha256())
    with video_service(
        Call("DownloadVideo", beginning, STOPPING), Call("DownloadVideo", chunk(VIDEO[CUT:]))
    ) as service:
        assert caller(service.address).read(f"{NAME}/videos/0") == VIDEO
        assert [one.read_offset for one in service.requests("DownloadVideo")] == [0, CUT]


def test_a_watch_is_not_taken_up_again_if_the_server_has_a_reason(caller: MakeCaller) -> None:
    meant = status(code_pb2.CANCELLED, "It was cancelled.", error_info("CANCELLED"))
    with (
        video_service(Call("WatchOperation", meant)) as service,
        pytest.raises(ClientError, match="It was cancelled"),
    ):
        caller(service.address).states(NAME)


def test_if_it_lasts_the_caller_is_told_how_to_pay_once(caller: MakeCaller) -> None:
    with video_service(*[Call("GenerateVideos", STOPPING)] * 5) as service:
        with pytest.raises(ClientError, match="CANCELLED") as caught:
            caller(service.address).generate(model=MODEL, prompt="a dog")

        request_id = service.requests("GenerateVideos")[0].request_id
        assert caught.value.__notes__ == [
            f"repeat the call with request_id='{request_id}': it starts no second generation"
        ]


async def test_a_generation_that_the_caller_cancels_is_not_repeated() -> None:
    silent = Call("GenerateVideos", Silence.UNTIL_THE_CALLER_LEAVES)
    with video_service(silent, Call("GetOperation", operation())) as service:
        async with AsyncClient(service.address, retry=AT_ONCE) as client:
            call = asyncio.create_task(client.models.generate_videos(model=MODEL, prompt="a dog"))
            await asyncio.to_thread(service.arrivals.get)
            call.cancel()

            with pytest.raises(asyncio.CancelledError):
                await call
            await asyncio.to_thread(service.received[0].ended.wait)
            await client.operations.get(NAME)

        assert len(service.requests("GenerateVideos")) == 1


async def test_a_watch_that_the_caller_cancels_is_not_taken_up_again() -> None:
    silent = Call("WatchOperation", seen(operation("RUNNING", 3)), Silence.UNTIL_THE_CALLER_LEAVES)
    with video_service(silent, Call("GetOperation", operation())) as service:
        async with (
            AsyncClient(service.address, retry=AT_ONCE) as client,
            aclosing(client.operations.watch(NAME)) as states,
        ):
            assert (await anext(states)).revision == 3
            following = asyncio.create_task(anext(states))
            await asyncio.sleep(0)
            following.cancel()

            with pytest.raises(asyncio.CancelledError):
                await following
            await asyncio.to_thread(service.received[0].ended.wait)
            await client.operations.get(NAME)

        assert len(service.requests("WatchOperation")) == 1


def test_a_watch_that_the_caller_leaves_is_not_taken_up_again() -> None:
    silent = Call("WatchOperation", seen(operation("RUNNING", 3)), Silence.UNTIL_THE_CALLER_LEAVES)
    with (
        video_service(silent, Call("GetOperation", operation())) as service,
        Client(service.address, retry=AT_ONCE) as client,
    ):
        with closing(client.operations.watch(NAME)) as states:
            assert next(states).revision == 3
        service.received[0].ended.wait()
        client.operations.get(NAME)

        assert len(service.requests("WatchOperation")) == 1
