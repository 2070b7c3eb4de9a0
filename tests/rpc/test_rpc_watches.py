# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The guarantees of the watches, over a socket."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2
from longtake.v1 import video_service_pb2 as api
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake_server.operations.model import (
    CancelConfirmed,
    SubmissionAccepted,
    SubmissionStarted,
)
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from rpc.rpc_server import Server

SHORT = Duration(seconds=10)


def watch(server: Server, name: str, **fields: Any) -> AsyncIterator[api.WatchOperationResponse]:
    request = api.WatchOperationRequest(name=name, **fields)
    return aiter(server.videos.WatchOperation(request))


def watch_all(server: Server, **fields: Any) -> AsyncIterator[api.WatchOperationsResponse]:
    return aiter(server.videos.WatchOperations(api.WatchOperationsRequest(**fields)))


async def read(
    messages: AsyncIterator[api.WatchOperationsResponse], count: int
) -> list[api.WatchOperationsResponse]:
    return [await anext(messages) for _ in range(count)]


def kinds(messages: Iterable[api.WatchOperationsResponse]) -> list[str | None]:
    return [message.WhichOneof("event") for message in messages]


async def test_a_watch_begins_with_the_state_and_ends_with_the_terminal_one(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        messages = watch(server, name)
        operations = [(await anext(messages)).operation]
        for event in (SubmissionStarted(), SubmissionAccepted("up/1")):
            await server.parts.ledger.commit(name, event)
            operations.append((await anext(messages)).operation)
        await server.succeed(name, b"bytes")
        operations += [message.operation async for message in messages]
    assert [operation.metadata.state for operation in operations] == [
        GenerateVideosMetadata.QUEUED,
        GenerateVideosMetadata.SUBMITTING,
        GenerateVideosMetadata.RUNNING,
        GenerateVideosMetadata.SUCCEEDED,
    ]
    assert [operation.revision for operation in operations] == [1, 2, 3, 4]
    assert [operation.done for operation in operations] == [False, False, False, True]
    assert all(operation.name == name for operation in operations)


async def test_an_operation_that_has_ended_is_sent_once_and_the_stream_is_ok(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.succeeded(b"bytes")
        call = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
        [message] = [message async for message in call]
        assert await call.code() is grpc.StatusCode.OK
        seen = watch(server, name, after_revision=message.operation.revision)
        assert [message async for message in seen] == []
    assert message.operation.done


async def test_a_failed_generation_is_an_error_of_the_operation_and_the_stream_is_ok(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        await server.parts.ledger.commit(name, CancelConfirmed("it may be billed"))
        call = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
        [message] = [message async for message in call]
        assert await call.code() is grpc.StatusCode.OK
    assert message.operation.error.code == code_pb2.CANCELLED


async def test_a_watch_goes_on_after_the_revision_that_the_caller_has(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        assert (await anext(watch(server, name, after_revision=2))).operation.revision == 3
        messages = watch(server, name, after_revision=3)
        await server.parts.clock.sleeping()
        await server.succeed(name, b"bytes")
        assert [message.operation.revision async for message in messages] == [4]


async def test_a_quiet_watch_beats_and_says_when_the_upstream_was_asked(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        messages = watch(server, name, heartbeat_interval=SHORT)
        assert (await anext(messages)).operation.revision == 3
        await server.parts.clock.sleeping()
        server.parts.clock.advance(10)
        unasked = (await anext(messages)).heartbeat
        await server.parts.clock.sleeping()
        server.parts.topics.note_poll(name)
        asked_at = server.parts.clock.now()
        server.parts.clock.advance(10)
        asked = (await anext(messages)).heartbeat
    assert (unasked.revision, unasked.HasField("last_poll_time")) == (3, False)
    assert asked.last_poll_time.ToSeconds() == asked_at.timestamp()


@pytest.mark.parametrize(
    ("asked", "seconds"), [(None, 30), (Duration(nanos=1), 1), (Duration(seconds=3600), 300)]
)
async def test_the_silence_of_a_watch_is_brought_to_its_bounds(
    tmp_path: Path, asked: Duration | None, seconds: int
) -> None:
    async with serving(tmp_path) as server:
        messages = watch(server, await server.accepted(), heartbeat_interval=asked)
        everything = watch_all(server, heartbeat_interval=asked)
        await anext(messages)
        assert kinds(await read(everything, 2)) == ["operation", "initial_set_complete"]
        await server.parts.clock.sleeping(2)
        server.parts.clock.advance(seconds - 0.5)
        assert server.parts.clock.sleepers == 2
        server.parts.clock.advance(0.5)
        assert (await anext(messages)).WhichOneof("event") == "heartbeat"
        assert kinds(await read(everything, 1)) == ["heartbeat"]


async def test_a_watch_too_many_is_refused_and_one_that_leaves_makes_room(tmp_path: Path) -> None:
    async with serving(tmp_path, max_watches=1) as server:
        name = await server.accepted()
        first = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
        await anext(aiter(first))
        fault = await refused(watch(server, name))
        for call in (watch_all(server), server.videos.WaitOperation(wait_for(name))):
            assert (await refused(call)).reason == "TOO_MANY_WATCHES"
        await server.succeed(await taken(server, name), b"bytes")
        assert [message.operation.done async for message in first][-1]
        assert (await anext(watch(server, name))).operation.done
    assert fault.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert fault.metadata == {"max_watches": "1"}
    assert fault.details["QuotaFailure"].violations[0].subject == "watches"


def wait_for(name: str) -> api.WaitOperationRequest:
    return api.WaitOperationRequest(name=name)


async def taken(server: Server, name: str) -> str:
    """Let the upstream accept a queued operation."""
    await server.parts.ledger.commit(name, SubmissionStarted())
    await server.parts.ledger.commit(name, SubmissionAccepted("up/1"))
    return name


async def test_an_empty_set_is_complete_at_once_and_can_be_gone_on_from(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        [mark] = await read(watch_all(server), 1)
        assert mark.WhichOneof("event") == "initial_set_complete"
        assert mark.position
        name = await server.accepted()
        rest = watch_all(server, after_position=mark.position)
        assert [message.operation.name for message in await read(rest, 1)] == [name]


async def test_the_initial_set_comes_whole_before_its_mark_and_then_the_changes(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        there = [await server.accepted(), await server.running()]
        messages = watch_all(server)
        initial = await read(messages, 3)
        assert kinds(initial) == ["operation", "operation", "initial_set_complete"]
        assert {message.operation.name for message in initial[:2]} == set(there)
        assert [bool(message.position) for message in initial] == [False, False, True]
        await server.succeed(there[1], b"bytes")
        [changed] = await read(messages, 1)
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=there[0]))
        [gone] = await read(messages, 1)
    assert (changed.operation.name, changed.operation.done) == (there[1], True)
    assert gone.deletion.name == there[0]
    assert len({initial[2].position, changed.position, gone.position}) == 3


async def test_a_watch_of_all_goes_on_after_a_position_without_loss_or_repetition(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        first, second = await server.accepted(), await server.running()
        mark = (await read(watch_all(server), 3))[-1]
        await server.videos.CancelOperation(api.CancelOperationRequest(name=first))
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=second))
        missed = await read(watch_all(server, after_position=mark.position), 3)
        assert sorted(map(str, kinds(missed))) == ["deletion", "initial_set_complete", "operation"]
        end = missed[-1].position
        rest = watch_all(server, after_position=missed[0].position)
        again = await read(rest, 2)
        # Each message has a newly sealed position, so positions never compare equal.
        for message in (*again, *missed[1:]):
            message.ClearField("position")
        assert again == missed[1:]
        quiet = watch_all(server, after_position=end)
        assert kinds(await read(quiet, 1)) == ["initial_set_complete"]


async def test_a_filtered_watch_shows_an_operation_leave(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        other, running = await server.accepted(), await server.running()
        messages = watch_all(server, filter="state = RUNNING")
        shown, mark = await read(messages, 2)
        assert shown.operation.name == running
        assert mark.WhichOneof("event") == "initial_set_complete"
        await server.videos.CancelOperation(api.CancelOperationRequest(name=other))
        await server.succeed(running, b"bytes")
        [left] = await read(messages, 1)
    assert left.operation.name == running
    assert left.operation.metadata.state == GenerateVideosMetadata.SUCCEEDED


async def test_a_filtered_watch_that_was_resumed_shows_an_operation_leave(tmp_path: Path) -> None:
    text = "state = RUNNING"
    async with serving(tmp_path) as server:
        running = await server.running()
        mark = (await read(watch_all(server, filter=text), 2))[-1]
        messages = watch_all(server, filter=text, after_position=mark.position)
        assert kinds(await read(messages, 1)) == ["initial_set_complete"]
        await server.parts.clock.sleeping()
        await server.succeed(running, b"bytes")
        last = await server.accepted()
        await server.parts.ledger.commit(last, SubmissionStarted())
        await server.parts.ledger.commit(last, SubmissionAccepted("up/2"))
        [left] = await read(messages, 1)
    assert left.operation.name == running


async def test_a_position_that_is_no_longer_kept_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        await server.accepted()
        [_, mark] = await read(watch_all(server), 2)
        name = await server.accepted()
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
        await server.parts.store.compact(server.parts.clock.now() + timedelta(days=1))
        fault = await refused(watch_all(server, after_position=mark.position))
        anew = await read(watch_all(server), 2)
    assert (fault.code, fault.reason) == (grpc.StatusCode.OUT_OF_RANGE, "POSITION_EXPIRED")
    assert fault.metadata.keys() == {"position"}
    assert fault.fields == ["after_position"]
    assert kinds(anew) == ["operation", "initial_set_complete"]


async def test_a_set_of_many_parts_is_sent_whole_though_deletions_were_forgotten(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        made = await asyncio.gather(*(server.accepted() for _ in range(450)))
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=made[-1]))
        await server.parts.store.compact(server.parts.clock.now() + timedelta(days=1))
        initial = await read(watch_all(server), 450)
    assert {message.operation.name for message in initial[:-1]} == set(made[:-1])
    assert kinds(initial[-1:]) == ["initial_set_complete"]
