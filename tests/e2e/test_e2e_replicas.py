# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Three replicas on one PostgreSQL: each call at any of them, and what an engine's end does."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from typing import TYPE_CHECKING
from uuid import uuid4

import grpc
import pytest
import pytest_asyncio
from e2e.e2e_replicas import SCARCE, Replica, Replicas, get, replicas, states
from e2e.e2e_upstream import ended, request
from grpc_health.v1 import health_pb2
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    CancelOperationRequest,
    DeleteOperationRequest,
    DownloadVideoRequest,
    GenerateVideosRequest,
    GetCallerRequest,
    ListOperationsRequest,
    WaitOperationRequest,
    WatchOperationRequest,
    WatchOperationsRequest,
)
from processes.postgres import schema
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2 import WatchOperationsResponse

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

State = GenerateVideosMetadata.State
_ANN = (("x-caller", "ann"),)
# As in client_stubs/service_config.json.
_ATTEMPTS = 5
# Generations that fail cost the simulator no rendering.
_PROMPT = "[sim:fail message=over]"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster(
    tmp_path_factory: pytest.TempPathFactory, postgres_url: str
) -> AsyncIterator[Replicas]:
    folder = tmp_path_factory.mktemp("replicas")
    with schema(postgres_url) as url:
        async with (
            simulator(folder) as upstream,
            replicas(folder, upstream, url, trust_caller_header="x-caller") as running,
        ):
            yield running


@pytest_asyncio.fixture(loop_scope="module")
async def held(cluster: Replicas) -> AsyncIterator[Replicas]:
    """Let no generation end until the test says so, or is over."""
    await cluster.upstream.tell("hold")
    yield cluster
    await cluster.upstream.tell("release")
    stub = cluster.all[0].stub
    left = await stub.ListOperations(ListOperationsRequest(page_size=1000, filter="done = false"))
    for operation in left.operations:
        await stub.CancelOperation(CancelOperationRequest(name=operation.name))
    for operation in left.operations:
        await ended(stub, operation.name)


async def started(replica: Replica, prompt: str = _PROMPT, **fields: str) -> str:
    wanted = request(prompt)
    wanted.MergeFrom(GenerateVideosRequest(**fields))  # type: ignore[arg-type]  # fields of the request
    return (await replica.stub.GenerateVideos(wanted)).name


async def started_in_attempts(replica: Replica) -> str:
    """Start a generation as our clients do, which repeat a call that was UNAVAILABLE."""
    wanted = request(_PROMPT)
    wanted.request_id = str(uuid4())
    for _ in range(_ATTEMPTS - 1):
        try:
            return (await replica.stub.GenerateVideos(wanted)).name
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
    return (await replica.stub.GenerateVideos(wanted)).name


async def running(replica: Replica, name: str) -> GenerateVideosOperation:
    """Wait until an operation runs at the upstream."""
    operation = await get(replica, name)
    while operation.metadata.state != State.RUNNING:
        assert not operation.done
        operation = await replica.stub.WaitOperation(
            WaitOperationRequest(name=name, after_revision=operation.revision)
        )
    return operation


def assert_generated(operation: GenerateVideosOperation) -> None:
    """Check that the upstream's result of the default prompt was stored."""
    assert "over" in operation.error.message, operation


async def counted(cluster: Replicas) -> int:
    """Return how many generations the upstream has started."""
    accepted: int = (await cluster.upstream.statistics())["submissions_accepted"]
    return accepted


async def test_each_call_sees_what_another_replica_did(cluster: Replicas) -> None:
    for one, two, three in (cluster.all, cluster.all[::-1]):
        name = await started(one, "a dog")
        assert (await get(two, name)).name == name
        listed = await three.stub.ListOperations(ListOperationsRequest(page_size=1))
        assert [operation.name for operation in listed.operations] == [name]
        operation = await ended(two.stub, name)
        (video,) = operation.response.generated_videos
        digests = set()
        for each in (one, two, three):
            download = each.stub.DownloadVideo(DownloadVideoRequest(name=video.name))
            chunks = [message async for message in download]
            assert sum(len(message.chunk.data) for message in chunks) == video.video.size_bytes
            digests.add(chunks[0].video.sha256)
        assert digests == {video.video.sha256}
        await three.stub.DeleteOperation(DeleteOperationRequest(name=name))
        for each in (one, two, three):
            with pytest.raises(grpc.aio.AioRpcError, match="deleted"):
                await get(each, name)


async def test_a_cancellation_at_any_replica_ends_a_running_generation(held: Replicas) -> None:
    for one, two, three in (held.all, held.all[::-1]):
        name = await started(one)
        await running(two, name)
        await three.stub.CancelOperation(CancelOperationRequest(name=name))
        assert (await ended(two.stub, name)).metadata.state == State.CANCELLED


async def test_a_watch_at_each_replica_rises_to_the_same_end(held: Replicas) -> None:
    name = await started(held.all[0])
    watches = [asyncio.create_task(states(replica, name)) for replica in held.all for _ in range(3)]
    await running(held.all[1], name)
    await held.upstream.tell("release")
    ends = {seen[-1].SerializeToString() for seen in await asyncio.gather(*watches)}
    assert len(ends) == 1


async def test_a_watch_and_a_wait_resume_at_a_replica_that_did_not_write(held: Replicas) -> None:
    for number in range(12):
        writer, reader = held.all[number % 3], held.all[(number + 1) % 3]
        name = await started(writer)
        # It is in the cache of the reader before it changes.
        await get(reader, name)
        written = await writer.stub.CancelOperation(CancelOperationRequest(name=name))
        while not written.done:
            written = await writer.stub.WaitOperation(
                WaitOperationRequest(name=name, after_revision=written.revision)
            )
        watch = reader.stub.WatchOperation(
            WatchOperationRequest(name=name, after_revision=written.revision)
        )
        assert [message async for message in watch] == []
        waited = await reader.stub.WaitOperation(
            WaitOperationRequest(name=name, after_revision=written.revision - 1)
        )
        assert waited == await get(reader, name) == written


async def test_a_watch_of_all_operations_resumes_at_another_replica(cluster: Replicas) -> None:
    one, two, three = cluster.all
    name = await started(one)
    assert_generated(await ended(one.stub, name))
    position = (await changes_until(one, "", lambda one: one.HasField("initial_set_complete")))[
        -1
    ].position
    later = await started(three)
    assert_generated(await ended(three.stub, later))
    seen = await changes_until(two, position, lambda one: one.operation.done)
    assert {one.operation.name for one in seen if one.HasField("operation")} == {later}
    await three.stub.DeleteOperation(DeleteOperationRequest(name=name))
    seen = await changes_until(one, seen[-1].position, lambda one: one.HasField("deletion"))
    assert [one.deletion.name for one in seen if one.HasField("deletion")] == [name]


async def changes_until(
    replica: Replica, position: str, is_last: Callable[[WatchOperationsResponse], bool]
) -> list[WatchOperationsResponse]:
    watch = replica.stub.WatchOperations(WatchOperationsRequest(after_position=position))
    seen: list[WatchOperationsResponse] = []
    async for message in watch:
        seen.append(message)
        if is_last(message):
            watch.cancel()
            return seen
    raise AssertionError("the watch ended by itself")


async def test_pages_go_on_at_another_replica(held: Replicas) -> None:
    names = [await started(replica) for replica in held.all]
    listed: list[str] = []
    token = ""
    for replica in held.all:
        page = await replica.stub.ListOperations(
            ListOperationsRequest(page_size=1, page_token=token)
        )
        listed += [operation.name for operation in page.operations]
        token = page.next_page_token
    assert listed == names[::-1]


async def test_a_request_id_makes_one_operation_whatever_replicas_get_it(
    cluster: Replicas,
) -> None:
    before = await counted(cluster)
    request_id = str(uuid4())
    calls = [started(replica, request_id=request_id) for replica in cluster.all for _ in range(10)]
    (name,) = set(await asyncio.gather(*calls))
    await ended(cluster.all[0].stub, name)
    assert await counted(cluster) == before + 1


async def test_a_budget_admits_ten_of_two_hundred_calls_at_two_replicas(
    held: Replicas,
) -> None:
    await held.command("budgets", "set", "principal/ann", "--max-queued", "10")
    wanted = request(_PROMPT)
    wanted.model = SCARCE
    # It occupies the only place, so that all others stay queued.
    blocker = await held.all[0].stub.GenerateVideos(wanted)
    await running(held.all[0], blocker.name)

    calls = [
        held.all[number % 2].stub.GenerateVideos(wanted, metadata=_ANN) for number in range(200)
    ]
    codes = Counter([await call.code() for call in calls])
    assert codes == {grpc.StatusCode.OK: 10, grpc.StatusCode.RESOURCE_EXHAUSTED: 190}
    for call in calls:
        if await call.code() is grpc.StatusCode.OK:
            cancellation = CancelOperationRequest(name=(await call).name)
            await held.all[2].stub.CancelOperation(cancellation, metadata=_ANN)


async def test_queue_positions_are_told_at_each_replica_alike(held: Replicas) -> None:
    engine, *others = await held.in_order()
    names = [await started(others[0], model=SCARCE) for _ in range(4)]
    for name, replica in zip(names[2:], others, strict=True):
        watch = replica.stub.WatchOperation(WatchOperationRequest(name=name))
        async for message in watch:
            if message.operation.metadata.queue_position:
                watch.cancel()
                break
        told = [(await get(each, name)).metadata.queue_position for each in held.all]
        assert told == [message.operation.metadata.queue_position] * 3
    for name in names:
        await engine.stub.CancelOperation(CancelOperationRequest(name=name))


async def test_heartbeats_tell_the_last_poll_at_each_replica(held: Replicas) -> None:
    name = await started(held.all[0])
    operation = await running(held.all[0], name)
    for replica in held.all:
        watch = replica.stub.WatchOperation(
            WatchOperationRequest(
                name=name, after_revision=operation.revision, heartbeat_interval={"seconds": 1}
            )
        )
        async for message in watch:
            if message.heartbeat.HasField("last_poll_time"):
                watch.cancel()
                break


async def one_becomes_engine(candidates: list[Replica]) -> None:
    waits = [asyncio.create_task(each.becomes("engine")) for each in candidates]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()
    await asyncio.gather(*waits, return_exceptions=True)


async def test_a_killed_engine_is_replaced_and_nothing_is_submitted_twice(held: Replicas) -> None:
    before = await counted(held)
    engine, *others = await held.in_order()
    names = [await started(replica) for replica in held.all]
    for name in names:
        await running(others[0], name)
    watches = [asyncio.create_task(states(others[0], name)) for name in names]
    await engine.server.process.kill()
    names.append(await started(others[1]))
    await one_becomes_engine(others)
    await held.upstream.tell("release")
    for name in names:
        assert_generated(await ended(others[0].stub, name))
    for seen in await asyncio.gather(*watches):
        assert_generated(seen[-1])
    assert await counted(held) == before + 4
    await engine.server.start()


async def test_an_engine_stopped_for_longer_than_its_term_has_lost(held: Replicas) -> None:
    before = await counted(held)
    engine, *others = await held.in_order()
    names = [await started(engine) for _ in range(3)]
    for name in names:
        await running(others[0], name)
    engine.signal(signal.SIGSTOP)
    try:
        # It may hold the lock of all writers, until PostgreSQL ends its transaction after 15 s.
        names.append(await started_in_attempts(others[0]))
        await running(others[0], names[-1])
    finally:
        engine.signal(signal.SIGCONT)
    await engine.becomes("engine", health_pb2.HealthCheckResponse.NOT_SERVING)
    await held.upstream.tell("release")
    for name in names:
        assert_generated(await ended(engine.stub, name))
    assert await counted(held) == before + 4
    assert (await held.in_order())[0] is not engine


async def test_an_engine_that_stops_in_order_hands_over_at_once(held: Replicas) -> None:
    before = await counted(held)
    engine, *others = await held.in_order()
    name = await started(engine)
    await running(others[0], name)
    leader = await held.leader()
    assert await engine.server.process.terminate() == 0
    # Its term would run on if it had not resigned.
    assert await held.leader() != leader
    await one_becomes_engine(others)
    await held.upstream.tell("release")
    assert_generated(await ended(others[0].stub, name))
    assert await counted(held) == before + 1
    await engine.server.start()


async def test_an_outage_is_told_at_each_replica_alike(cluster: Replicas) -> None:
    down, up = health_pb2.HealthCheckResponse.NOT_SERVING, health_pb2.HealthCheckResponse.SERVING
    names = [await started(replica, "[sim:unavailable times=1000]") for replica in cluster.all]
    for replica in cluster.all:
        await replica.becomes("upstream/agent_platform", down)
        for name in names:
            # One of them probes the upstream at times.
            while (metadata := (await get(replica, name)).metadata).state == State.SUBMITTING:
                pass
            assert metadata.state == State.QUEUED
            assert "UPSTREAM_UNAVAILABLE" in str(metadata.last_error)
            assert metadata.HasField("next_retry_time")
    for replica, name in zip(cluster.all, names, strict=True):
        await replica.stub.CancelOperation(CancelOperationRequest(name=name))
    prober = await started(cluster.all[0])
    for replica in cluster.all:
        await replica.becomes("upstream/agent_platform", up)
        assert not (await get(replica, prober)).metadata.HasField("last_error")


async def test_a_key_made_beside_the_replicas_is_known_at_each_at_once(
    cluster: Replicas, tmp_path: Path, postgres_url: str
) -> None:
    with schema(postgres_url) as url:
        async with replicas(
            tmp_path, cluster.upstream, url, number=2, authentication="keys"
        ) as keyed:
            for maker in ("ann", "bob"):
                made = await keyed.command("keys", "create", "--principal", maker)
                credential = (("authorization", f"Bearer {made.strip()}"),)
                for replica in keyed.all:
                    caller = await replica.stub.GetCaller(GetCallerRequest(), metadata=credential)
                    assert caller.principal == maker
