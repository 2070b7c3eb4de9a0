# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Errors and operations cross the border between processes; the connection does not."""

from __future__ import annotations

import asyncio
import copy
import multiprocessing
import pickle
from concurrent.futures import ProcessPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from google.rpc import code_pb2
from longtake import Client
from longtake.errors import ClientError, LongtakeError, OperationFailed
from stubs.stubs_messages import (
    MODEL,
    NAME,
    VIDEO,
    error_info,
    failed,
    operation,
    seen,
    status,
    succeeded,
    whole_video,
)
from stubs.stubs_workers import ask, fetch, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

_SPAWN = multiprocessing.get_context("spawn")
_MISSING = status(
    code_pb2.NOT_FOUND, "There is none.", error_info("OPERATION_NOT_FOUND", name="operations/none")
)


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(1, mp_context=_SPAWN) as pool:
        yield pool


def _assert_missing(error: ClientError) -> None:
    assert (error.code, error.status) == (404, "NOT_FOUND")
    assert (error.reason, error.message) == ("OPERATION_NOT_FOUND", "There is none.")
    assert error.metadata == {"name": "operations/none"}
    assert error.details[0]["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"


def test_an_error_comes_back_from_a_process_pool_executor(workers: ProcessPoolExecutor) -> None:
    with video_service(Call("GetOperation", _MISSING)) as service:
        with pytest.raises(ClientError) as caught:
            workers.submit(ask, service.address).result()

        _assert_missing(caught.value)


def test_an_error_comes_back_from_a_multiprocessing_pool() -> None:
    with video_service(Call("GetOperation", _MISSING)) as service, _SPAWN.Pool(1) as pool:
        with pytest.raises(ClientError) as caught:
            pool.map(ask, [service.address])

        _assert_missing(caught.value)


def test_an_error_of_a_subclass_with_other_arguments_survives_with_its_notes() -> None:
    error = _OwnError(7, hint="try again")
    error.add_note("a note")

    for twin in (copy.copy(error), copy.deepcopy(error), pickle.loads(pickle.dumps(error))):  # noqa: S301 - our own bytes
        assert (type(twin), twin.args, vars(twin)) == (_OwnError, error.args, vars(error))


class _OwnError(LongtakeError):
    def __init__(self, number: int, *, hint: str) -> None:
        super().__init__("ABORTED", f"{number}: {hint}")
        self.number = number


def test_an_operation_in_another_process_says_what_it_said(
    caller: MakeCaller, workers: ProcessPoolExecutor
) -> None:
    with video_service(Call("GenerateVideos", operation("RUNNING", percent=40))) as service:
        sent = caller(service.address).generate(model=MODEL, prompt="a dog")

        received, told = workers.submit(outcome, sent).result()

    assert received == sent
    assert told == (
        f"{NAME} was unpickled, so it has no connection to a server: "
        f"use `client.operations.result('{NAME}')`"
    )


def test_a_finished_operation_has_its_result_in_another_process(
    caller: MakeCaller, workers: ProcessPoolExecutor
) -> None:
    with video_service(Call("GenerateVideos", succeeded())) as service:
        sent = caller(service.address).generate(model=MODEL, prompt="a dog")

        received, response = workers.submit(outcome, sent).result()
        video = received.response.generated_videos[0].video
        why = workers.submit(fetch, video).result()

    assert response == sent.response
    assert why == (
        f"{NAME}/videos/0 was unpickled, so it has no connection to a server: "
        f"use `client.operations.video('{NAME}/videos/0')`"
    )


def test_a_failed_operation_fails_the_same_in_another_process(
    caller: MakeCaller, workers: ProcessPoolExecutor
) -> None:
    with video_service(Call("GenerateVideos", failed())) as service:
        sent = caller(service.address).generate(model=MODEL, prompt="a dog")

        with pytest.raises(OperationFailed) as caught:
            workers.submit(outcome, sent).result()

    assert caught.value.error == sent.error
    assert caught.value.operation == NAME


def test_an_unpickled_operation_is_connected_by_a_client() -> None:
    with (
        video_service(
            Call("GenerateVideos", operation()),
            Call("WatchOperation", seen(succeeded())),
            Call("DownloadVideo", whole_video()),
        ) as service,
        Client(service.address) as client,
    ):
        begun = client.models.generate_videos(model=MODEL, prompt="a dog")
        received: Any = pickle.loads(pickle.dumps(begun))  # noqa: S301 - our own bytes

        response = client.operations.result(received)
        assert response.generated_videos[0].video.data == VIDEO


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_copy_in_the_same_process_shares_the_connection(duplicate: Any) -> None:
    with (
        video_service(
            Call("GenerateVideos", operation()),
            Call("WatchOperation", seen(succeeded())),
            Call("DownloadVideo", whole_video()),
        ) as service,
        Client(service.address) as client,
    ):
        copied = duplicate(client.models.generate_videos(model=MODEL, prompt="a dog"))

        response = duplicate(copied.result())
        assert response.generated_videos[0].video.data == VIDEO


def test_bytes_that_were_fetched_are_part_of_a_pickle() -> None:
    with (
        video_service(Call("DownloadVideo", whole_video())) as service,
        Client(service.address) as client,
    ):
        video = client.operations.video(f"{NAME}/videos/0")
        assert video.data == VIDEO

        received: Any = pickle.loads(pickle.dumps(video))  # noqa: S301 - our own bytes
    assert received.data == VIDEO


def test_a_copy_of_an_asynchronous_operation_shares_the_connection() -> None:
    async def run(address: str) -> bytes:
        async with Client(address).aio as client:
            begun = await client.models.generate_videos(model=MODEL, prompt="a dog")
            response = await copy.deepcopy(begun).result()
            return await response.generated_videos[0].video.read()

    with video_service(
        Call("GenerateVideos", operation()),
        Call("WatchOperation", seen(succeeded())),
        Call("DownloadVideo", whole_video()),
    ) as service:
        assert asyncio.run(run(service.address)) == VIDEO
