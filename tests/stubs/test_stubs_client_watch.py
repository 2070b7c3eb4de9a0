# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches and waits of the Python client against a server that breaks them."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, Silence, video_service
from google.rpc import code_pb2
from longtake import AsyncClient, Client
from longtake._backoff import Deadline
from longtake.errors import ClientError, OperationFailed, ServerError
from stubs.stubs_messages import (
    NAME,
    draining,
    error_info,
    failed,
    heartbeat,
    operation,
    seen,
    status,
    succeeded,
    unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.rpc.status_pb2 import Status
    from longtake.types import Operation
    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]


def _seen(states: list[Operation]) -> list[tuple[int, str]]:
    return [(state.revision, state.metadata["state"]) for state in states]


@pytest.mark.parametrize(
    "breakage",
    [unavailable(), draining(), status(code_pb2.DEADLINE_EXCEEDED, "Deadline Exceeded")],
    ids=["cut", "draining", "lasted long"],
)
def test_a_watch_that_breaks_goes_on_after_the_last_revision(
    caller: MakeCaller, breakage: Status
) -> None:
    with video_service(
        Call("WatchOperation", seen(operation()), seen(operation("RUNNING", 3, 40)), breakage),
        Call("WatchOperation", seen(succeeded(4))),
    ) as service:
        states = caller(service.address).states(NAME)

        assert _seen(states) == [(1, "QUEUED"), (3, "RUNNING"), (4, "SUCCEEDED")]
        assert [one.after_revision for one in service.requests("WatchOperation")] == [0, 3]


def test_a_watch_yields_nothing_twice_and_no_heartbeats(caller: MakeCaller) -> None:
    with video_service(
        Call("WatchOperation", seen(operation("RUNNING", 3)), heartbeat(3), unavailable()),
        Call(
            "WatchOperation",
            heartbeat(3),
            seen(operation("RUNNING", 3)),
            seen(operation("SUBMITTING", 2)),
            seen(succeeded(4)),
        ),
    ) as service:
        assert _seen(caller(service.address).states(NAME)) == [(3, "RUNNING"), (4, "SUCCEEDED")]


def test_a_watch_begins_after_the_revision_that_the_caller_has(caller: MakeCaller) -> None:
    with video_service(Call("WatchOperation", seen(succeeded(4)))) as service:
        states = caller(service.address).states(NAME, after_revision=3)

        assert _seen(states) == [(4, "SUCCEEDED")]
        assert service.requests("WatchOperation")[0].after_revision == 3


def test_a_watch_that_is_ended_politely_too_early_is_taken_up_again(caller: MakeCaller) -> None:
    with video_service(
        Call("WatchOperation", seen(operation("RUNNING", 3))),
        Call("WatchOperation", seen(operation("RUNNING", 3)), seen(succeeded(4))),
    ) as service:
        assert _seen(caller(service.address).states(NAME)) == [(3, "RUNNING"), (4, "SUCCEEDED")]
        assert service.requests("WatchOperation")[1].after_revision == 0


def test_a_watch_gives_up_after_as_many_failures_in_a_row_as_the_policy_says(
    caller: MakeCaller,
) -> None:
    script = [Call("WatchOperation", unavailable())] * 4
    with video_service(*script) as service, pytest.raises(ServerError, match="Socket closed"):
        caller(service.address).states(NAME)


def test_a_watch_of_what_is_deleted_ends_with_the_reason(caller: MakeCaller) -> None:
    gone = status(code_pb2.NOT_FOUND, "It was deleted.", error_info("OPERATION_DELETED"))
    with video_service(Call("WatchOperation", seen(operation()), gone)) as service:
        with pytest.raises(ClientError) as caught:
            caller(service.address).states(NAME)

        assert (caught.value.code, caught.value.reason) == (404, "OPERATION_DELETED")


def test_result_returns_what_was_made(caller: MakeCaller) -> None:
    with video_service(
        Call("WatchOperation", seen(operation()), seen(succeeded(videos=2)))
    ) as service:
        response = caller(service.address).result(NAME)

        assert [one.name for one in response.generated_videos] == [
            f"{NAME}/videos/0",
            f"{NAME}/videos/1",
        ]
        assert response.generated_videos[0].generation_seed == 7


@pytest.mark.parametrize(
    ("state", "code"), [("FAILED", code_pb2.INTERNAL), ("CANCELLED", code_pb2.CANCELLED)]
)
def test_result_raises_what_the_generation_failed_with(
    caller: MakeCaller, state: str, code: code_pb2.Code
) -> None:
    with video_service(Call("WatchOperation", seen(failed(state, code)))) as service:
        with pytest.raises(OperationFailed) as caught:
            caller(service.address).result(NAME)

        assert caught.value.operation == NAME
        assert caught.value.status == code_pb2.Code.Name(code)
        assert caught.value.reason == "UPSTREAM_FAILED"
        assert caught.value.error.metadata == {"upstream": "simulator"}


def test_result_stops_waiting_at_the_timeout_and_says_that_the_generation_goes_on(
    caller: MakeCaller,
) -> None:
    with video_service() as service, pytest.raises(TimeoutError) as caught:
        caller(service.address).result(NAME, timeout=0)

    assert str(caught.value) == f"{NAME} has not ended within 0 seconds; it goes on"


def test_a_wait_gives_its_streams_what_is_left_of_its_time() -> None:
    now = 100.0
    deadline = Deadline(8.0, lambda: now)

    assert deadline.remaining(NAME, 600.0) == 8.0
    now = 105.0
    assert deadline.remaining(NAME, 600.0) == 3.0
    assert deadline.remaining(NAME, 0.5) == 0.5
    now = 108.0
    with pytest.raises(TimeoutError, match="within 8 seconds"):
        deadline.remaining(NAME, 600.0)


def test_a_caller_that_leaves_a_watch_ends_its_call() -> None:
    silent = Call("WatchOperation", seen(operation()), Silence.UNTIL_THE_CALLER_LEAVES)
    with video_service(silent) as service, Client(service.address) as client:
        with closing(client.operations.watch(NAME)) as states:
            assert next(states).revision == 1

        service.received[0].ended.wait()


async def test_a_task_that_is_cancelled_ends_its_call() -> None:
    silent = Call("WatchOperation", seen(operation()), Silence.UNTIL_THE_CALLER_LEAVES)
    with video_service(silent) as service:
        async with AsyncClient(service.address) as client:
            states = client.operations.watch(NAME)
            assert (await anext(states)).revision == 1
            waiting = asyncio.ensure_future(anext(states))
            waiting.cancel()
            await asyncio.wait([waiting])

            await asyncio.to_thread(service.received[0].ended.wait)
            assert waiting.cancelled()
