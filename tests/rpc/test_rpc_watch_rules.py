# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One test for each of the fifteen rules of watching, over a socket.

The rules are what etcd, Kubernetes, the Remote Execution API, google.longrunning, A2A, Temporal and
NATS have in common for watches and long-running operations.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from fakes.engine import MODEL
from fakes.upstream import ScriptedUpstream
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2
from longtake import AsyncClient
from longtake._address import address_of
from longtake._channel import channel_options
from longtake.v1 import video_service_pb2 as api
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake_server.operations.model import (
    Code,
    Failed,
    Failure,
    StoredVideo,
    SubmissionAccepted,
    SubmissionStarted,
)
from longtake_server.operations.upstream import Finished, Running
from longtake_server.rpc.server import OPTIONS
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_server import Server

CALLER_HEADER = "x-longtake-caller"


def watch(
    server: Server, name: str, caller: str = "", **fields: Any
) -> AsyncIterator[api.WatchOperationResponse]:
    request = api.WatchOperationRequest(name=name, **fields)
    return aiter(server.videos.WatchOperation(request, metadata=of(caller)))


async def revisions(messages: AsyncIterator[api.WatchOperationResponse]) -> list[int]:
    return [message.operation.revision async for message in messages]


async def test_rule_1_the_first_message_is_the_whole_operation_also_of_a_finished_one(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        for name in (await server.accepted(), await server.succeeded(b"bytes")):
            first = (await anext(watch(server, name))).operation
            assert first == await server.videos.GetOperation(api.GetOperationRequest(name=name))


async def test_rule_2_nothing_falls_between_the_snapshot_and_the_news(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        # The change runs while the watches start, so that some start in the middle of it.
        watching = [asyncio.ensure_future(revisions(watch(server, name))) for _ in range(20)]
        await server.parts.ledger.commit(name, SubmissionStarted())
        await server.parts.ledger.commit(name, SubmissionAccepted("up/1"))
        await server.succeed(name, b"bytes")
        for seen in await asyncio.gather(*watching):
            assert seen == sorted(set(seen))
            assert seen[-1] == 4


async def expect_the_end_from_the_next_server(folder: Path, name: str) -> None:
    """Resume a watch after revision 3 on another server with the same folder."""
    async with serving(folder) as server:
        messages = watch(server, name, after_revision=3)
        await server.parts.clock.sleeping()
        await server.succeed(name, b"bytes")
        assert await revisions(messages) == [4]


async def test_rule_3_revisions_go_on_after_a_restart(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        assert (await anext(watch(server, name))).operation.revision == 3
    await expect_the_end_from_the_next_server(tmp_path, name)


async def test_rule_4_who_knows_the_newest_revision_is_told_nothing_until_it_changes(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        behind, level = watch(server, name, after_revision=1), watch(server, name, after_revision=3)
        assert (await anext(behind)).operation.revision == 3
        news = asyncio.ensure_future(revisions(level))
        await server.parts.clock.sleeping(2)
        await server.succeed(name, b"bytes")
        assert await news == [4]
        ahead = await refused(watch(server, name, after_revision=9))
    assert (ahead.code, ahead.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVISION_AHEAD")


async def test_rule_5_states_may_be_skipped_the_last_never_and_none_comes_twice(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        messages = watch(server, name)
        seen = [(await anext(messages)).operation.revision]
        await server.parts.clock.sleeping()
        await server.parts.ledger.commit(name, SubmissionStarted())
        await server.parts.ledger.commit(name, SubmissionAccepted("up/1"))
        await server.succeed(name, b"bytes")
        seen += await revisions(messages)
    assert seen == sorted(set(seen))
    assert (seen[0], seen[-1]) == (1, 4)


async def test_rule_6_the_end_is_told_once_and_a_failure_is_no_status_of_the_stream(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        failure = Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", "no such thing")
        call = server.videos.WatchOperation(api.WatchOperationRequest(name=name))
        ended = asyncio.ensure_future(_all(call))
        await server.parts.clock.sleeping()
        await server.parts.ledger.commit(name, Failed(failure))
        messages = await ended
        assert await call.code() is grpc.StatusCode.OK
    assert [message.operation.done for message in messages].count(True) == 1
    assert messages[-1].operation.error.code == code_pb2.INVALID_ARGUMENT


async def _all(call: Any) -> list[api.WatchOperationResponse]:
    return [message async for message in call]


async def test_rule_7_a_drain_says_when_to_come_back_and_the_next_server_goes_on(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        messages = watch(server, name)
        assert (await anext(messages)).operation.revision == 3
        server.parts.watching.drain()
        fault = await refused(messages)
        assert (fault.code, fault.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        assert fault.details["RetryInfo"].retry_delay.ToNanoseconds() > 0
    await expect_the_end_from_the_next_server(tmp_path, name)


async def test_rule_8_why_an_operation_is_not_there_is_told_and_anothers_never_was(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path, caller_header=CALLER_HEADER) as server:
        name = await server.accepted()
        none = await refused(watch(server, name.replace("0", "1")))
        others = await refused(watch(server, name, "mallory"))
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
        deleted = await refused(watch(server, name))
        expired = await server.succeeded(b"bytes")
        await server.parts.ledger.delete(expired, expired=True)
        too_old = await refused(watch(server, expired))
    faults = (none, others, deleted, too_old)
    assert {fault.code for fault in faults} == {grpc.StatusCode.NOT_FOUND}
    assert [fault.reason for fault in faults] == [
        "OPERATION_NOT_FOUND",
        "OPERATION_NOT_FOUND",
        "OPERATION_DELETED",
        "OPERATION_EXPIRED",
    ]


async def test_rule_9_a_deletion_ends_a_watch_with_its_reason(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        messages = watch(server, name)
        await anext(messages)
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
        fault = await refused(messages)
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_DELETED")


async def test_rule_10_heartbeats_come_in_silence_only_with_revision_and_last_poll(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        messages = watch(server, name, heartbeat_interval=Duration(seconds=10))
        await anext(messages)
        await server.parts.clock.sleeping()
        server.parts.topics.note_poll(name)
        server.parts.clock.advance(10)
        beat = (await anext(messages)).heartbeat
        assert (beat.revision, beat.HasField("last_poll_time")) == (3, True)
        await server.parts.clock.sleeping()
        server.parts.clock.advance(9)
        await server.succeed(name, b"bytes")
        assert [message.WhichOneof("event") async for message in messages] == ["operation"]


async def test_rule_11_who_does_not_read_delays_nobody(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        stuck = [
            server.videos.WatchOperation(api.WatchOperationRequest(name=name)) for _ in range(5)
        ]
        reader = watch(server, name)
        assert (await anext(reader)).operation.revision == 1
        await server.parts.ledger.commit(name, SubmissionStarted())
        assert (await anext(reader)).operation.revision == 2
        for call in stuck:
            call.cancel()


async def test_rule_12_watches_neither_poll_nor_end_the_generation(tmp_path: Path) -> None:
    done = Finished((StoredVideo("key"),))
    script = ScriptedUpstream(submissions=["up/1"], polls=[Running(), done])
    async with serving(tmp_path, script) as server:
        name = await server.accepted()
        calls = [
            server.videos.WatchOperation(api.WatchOperationRequest(name=name)) for _ in range(50)
        ]
        for call in calls:
            await anext(aiter(call))
        await server.parts.driver.step(name)
        for call in calls:
            call.cancel()
        await server.parts.driver.step(name)
        assert script.polled == [name]
        await server.parts.driver.step(name)
        assert (await anext(watch(server, name))).operation.done


async def test_rule_13_deadlines_and_quotas_hold_for_each_caller(tmp_path: Path) -> None:
    async with serving(tmp_path, caller_header=CALLER_HEADER, max_watches_per_caller=1) as server:
        names = {caller: await accepted_of(server, caller) for caller in ("ann", "bob")}
        held = watch(server, names["ann"], "ann")
        await anext(held)
        fault = await refused(watch(server, names["ann"], "ann"))
        # Another caller has its own limit. Its watch ends at its deadline and frees the place.
        request = api.WatchOperationRequest(name=names["bob"])
        call = server.videos.WatchOperation(request, metadata=of("bob"), timeout=0.2)
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await _all(call)
        while server.parts.watching.watches > 1:  # noqa: ASYNC110 - there is no event for it
            await asyncio.sleep(0)
        await anext(watch(server, names["bob"], "bob"))
    assert fault.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert (fault.reason, fault.metadata) == ("TOO_MANY_WATCHES", {"max_watches_per_caller": "1"})
    assert fault.details["QuotaFailure"].violations[0].subject == "watches of the caller"
    assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED


async def accepted_of(server: Server, caller: str) -> str:
    request = api.GenerateVideosRequest(model=MODEL, prompt="a dog")
    operation = await server.videos.GenerateVideos(request, metadata=of(caller))
    return str(operation.name)


def of(caller: str) -> tuple[tuple[str, str], ...]:
    return ((CALLER_HEADER, caller),)


async def test_rule_14_waits_and_the_standard_operations_show_the_same(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.running()
        waiting = asyncio.ensure_future(
            server.videos.WaitOperation(api.WaitOperationRequest(name=name, after_revision=3))
        )
        standard = asyncio.ensure_future(
            server.operations.WaitOperation(operations_pb2.WaitOperationRequest(name=name))
        )
        await server.parts.clock.sleeping(2)
        await server.succeed(name, b"bytes")
        watched = (await anext(watch(server, name))).operation
        assert await waiting == watched
        assert (await standard).done
        metadata = GenerateVideosMetadata()
        assert (await standard).metadata.Unpack(metadata)
        assert metadata == watched.metadata


async def test_rule_15_many_are_watched_by_one_stream_with_a_mark_and_without_bytes(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as server:
        none = aiter(server.videos.WatchOperations(api.WatchOperationsRequest()))
        assert (await anext(none)).WhichOneof("event") == "initial_set_complete"
        video = bytes(1 << 20)
        name = await server.succeeded(video)
        every = aiter(server.videos.WatchOperations(api.WatchOperationsRequest()))
        first = await anext(every)
        assert first.operation.name == name
        assert first.ByteSize() < 4096
        assert (await anext(every)).WhichOneof("event") == "initial_set_complete"
        parts = server.videos.DownloadVideo(
            api.DownloadVideoRequest(name=f"{name}/videos/0", read_offset=10, read_limit=5)
        )
        assert b"".join([part.chunk.data async for part in parts]) == video[10:15]


async def test_a_client_resumes_over_connections_that_grow_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        serving(tmp_path, max_connection_age_seconds=0.2) as server,
        AsyncClient(server.address) as client,
    ):
        name = await server.running()
        watched = server.parts.service.watch
        begun: asyncio.Queue[int] = asyncio.Queue()

        async def watch_and_tell(*given: Any) -> Any:
            begun.put_nowait(given[2])
            return await watched(*given)

        monkeypatch.setattr(server.parts.service, "watch", watch_and_tell)
        seen = asyncio.ensure_future(_states(client, name))
        assert await begun.get() == 0
        # The watcher resumes repeatedly from the revision that it has.
        assert [await begun.get() for _ in range(2)] == [3, 3]
        await server.succeed(name, b"bytes")
        assert await seen == [3, 4]


async def _states(client: AsyncClient, name: str) -> list[int]:
    return [operation.revision async for operation in client.operations.watch(name)]


def test_the_pings_of_our_clients_are_never_too_many() -> None:
    theirs, ours = dict(channel_options(address_of("localhost:50051"))), dict(OPTIONS)
    allowed_ms = ours["grpc.http2.min_ping_interval_without_data_ms"]
    assert int(theirs["grpc.keepalive_time_ms"]) >= 2 * allowed_ms
    assert ours["grpc.keepalive_permit_without_calls"] == 1


async def test_a_revision_is_encoded_once_however_many_watch_and_ask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from longtake_server.rpc import convert

    encode, encoded = convert.operation, list[int]()

    def counted(record: Any) -> Any:
        encoded.append(record.revision)
        return encode(record)

    monkeypatch.setattr(convert, "operation", counted)
    async with serving(tmp_path) as server:
        name = await server.running()
        encoded.clear()
        everything = server.videos.WatchOperations(api.WatchOperationsRequest())
        assert (await anext(aiter(everything))).operation.name == name
        watching = [asyncio.ensure_future(revisions(watch(server, name))) for _ in range(50)]
        await server.parts.clock.sleeping(51)
        await server.succeed(name, b"bytes")
        assert await asyncio.gather(*watching) == [[3, 4]] * 50
        await server.videos.GetOperation(api.GetOperationRequest(name=name))
        await server.videos.WaitOperation(api.WaitOperationRequest(name=name))
        rest = [message async for message in _until_done(everything)]
        assert rest[-1].operation == (await anext(watch(server, name))).operation
        assert rest[-1].position
    assert encoded == [3, 4]


async def _until_done(call: Any) -> AsyncIterator[api.WatchOperationsResponse]:
    async for message in call:
        yield message
        if message.operation.done:
            return
