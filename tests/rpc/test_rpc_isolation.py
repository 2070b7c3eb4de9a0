# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""No principal sees, changes or infers another's operation, by any method that is served."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import MODEL
from google.longrunning import operations_pb2
from longtake.v1 import video_service_pb2 as api
from longtake_server.identity.authentication import Proofs
from rpc.rpc_isolation import (
    ADA,
    ADMIN,
    BOB,
    NAMED,
    OMNI,
    READER,
    STATES,
    UNNAMED,
    VIDEO,
    bearing,
    bobs_operations,
    known_keys,
    methods_by_reflection,
    never_was,
    outcome,
    reads_of,
)
from rpc.rpc_server import refused, serving
from rpc.rpc_webhooks import HOOKED

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_server import Server

CHANGING = {"CancelOperation", "DeleteOperation"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    async with serving(tmp_path, proofs=Proofs(keys=known_keys())) as running:
        yield running


def generation(**fields: Any) -> api.GenerateVideosRequest:
    return api.GenerateVideosRequest(**{"model": MODEL, "prompt": "a dog", **fields})


async def generated(server: Server, key: str, **fields: Any) -> str:
    operation: Any = await server.videos.GenerateVideos(generation(**fields), **bearing(key))
    return str(operation.name)


async def test_each_method_that_is_served_is_in_the_tables_of_this_test(server: Server) -> None:
    assert await methods_by_reflection(server, ADA) == (
        NAMED.keys() | UNNAMED.keys() | HOOKED.keys()
    )


@pytest.mark.parametrize("method", NAMED)
async def test_anothers_operation_is_one_that_never_was(server: Server, method: str) -> None:
    names = await bobs_operations(server)
    call = NAMED[method]
    for state, name in names.items():
        never = never_was(name)
        of_bobs = await outcome(call(server, name, ADA))
        of_none = await outcome(call(server, never, ADA))
        assert of_bobs.without(name) == of_none.without(never), state
        assert of_bobs.code in ("NOT_FOUND", "INVALID_ARGUMENT")
        assert "DELETED" not in str(of_bobs)
        assert "EXPIRED" not in str(of_bobs)
    for state in ("queued", "running", "succeeded"):
        request = api.GetOperationRequest(name=names[state])
        operation: Any = await server.videos.GetOperation(request, **bearing(BOB))
        assert operation.done == (state == "succeeded")
    # Bob can still do with them what Ada could not.
    await generated(server, BOB, model=OMNI, previous_operation=names["succeeded"])
    video = api.DownloadVideoRequest(name=f"{names['succeeded']}/videos/0")
    chunks = [one.chunk.data async for one in server.videos.DownloadVideo(video, **bearing(BOB))]
    assert b"".join(chunks) == VIDEO


@pytest.mark.parametrize("method", NAMED)
async def test_anothers_operation_takes_the_reads_of_one_that_never_was(
    server: Server, method: str
) -> None:
    names = await bobs_operations(server)
    call = NAMED[method]
    for state, name in names.items():
        with reads_of(server) as of_bobs:
            await outcome(call(server, name, ADA))
        with reads_of(server) as of_none:
            await outcome(call(server, never_was(name), ADA))
        assert of_bobs == of_none, state
        assert of_none


@pytest.mark.parametrize("method", UNNAMED)
async def test_what_others_do_changes_no_answer(server: Server, method: str) -> None:
    await generated(server, ADA)
    before = await outcome(UNNAMED[method](server, ADA))
    await bobs_operations(server)
    assert await outcome(UNNAMED[method](server, ADA)) == before


async def test_what_others_do_changes_no_operation_of_ones_own(server: Server) -> None:
    request = api.GetOperationRequest(name=await generated(server, ADA))
    before = await server.videos.GetOperation(request, **bearing(ADA))
    await bobs_operations(server)
    assert await server.videos.GetOperation(request, **bearing(ADA)) == before


async def test_a_watch_of_all_is_told_nothing_of_others(server: Server) -> None:
    watch = aiter(server.videos.WatchOperations(api.WatchOperationsRequest(), **bearing(ADA)))
    assert (await anext(watch)).HasField("initial_set_complete")
    await bobs_operations(server)
    own = await generated(server, ADA)
    assert (await anext(watch)).operation.name == own


async def test_a_request_id_is_each_principals_own(server: Server) -> None:
    request_id = str(uuid.uuid4())
    bobs = await generated(server, BOB, request_id=request_id)
    # Bob's own repetition, the same request of Ada, and another one.
    assert await generated(server, BOB, request_id=request_id) == bobs
    adas = await generated(server, ADA, request_id=request_id)
    assert adas != bobs
    assert await generated(server, ADA, request_id=request_id) == adas
    fault = await refused(
        server.videos.GenerateVideos(
            generation(request_id=request_id, prompt="another"), **bearing(ADA)
        )
    )
    assert fault.metadata["operation"] == adas


@pytest.mark.parametrize("kind", ["videos", "operations"])
async def test_a_page_token_of_another_is_one_that_never_was(server: Server, kind: str) -> None:
    for _ in range(2):
        await generated(server, BOB)
        await generated(server, ADA)
    made: Any = api if kind == "videos" else operations_pb2
    stub = getattr(server, kind)

    def listing(token: str, key: str) -> Any:
        request = made.ListOperationsRequest(page_size=1, page_token=token)
        return stub.ListOperations(request, **bearing(key))

    token = (await listing("", BOB)).next_page_token
    assert token
    assert (await outcome(listing(token, BOB))).code == "OK"
    assert await outcome(listing(token, ADA)) == await outcome(listing("never-was", ADA))


async def test_a_position_of_another_is_one_that_never_was(server: Server) -> None:
    await generated(server, BOB)

    def watching(position: str, key: str) -> Any:
        request = api.WatchOperationsRequest(after_position=position)
        return server.videos.WatchOperations(request, **bearing(key))

    *_, complete = [message async for message in first(watching("", BOB), 2)]
    assert complete.position
    of_bobs = await outcome(watching(complete.position, ADA))
    assert of_bobs.code == "INVALID_ARGUMENT"
    assert of_bobs == await outcome(watching("never-was", ADA))


async def first(stream: Any, count: int) -> AsyncIterator[Any]:
    messages = aiter(stream)
    for _ in range(count):
        yield await anext(messages)
    stream.cancel()


@pytest.mark.parametrize("method", NAMED)
async def test_a_reader_sees_all_and_changes_nothing(server: Server, method: str) -> None:
    names = await bobs_operations(server)
    short = method.rpartition("/")[2]
    for state in STATES:
        name = names[state]
        got = await outcome(NAMED[method](server, name, READER), most=1)
        never = await outcome(NAMED[method](server, never_was(name), READER), most=1)
        if short in CHANGING or short == "GenerateVideos":
            assert got.code == "PERMISSION_DENIED"
            assert got == never
        elif state in ("deleted", "expired"):
            assert got.code == "NOT_FOUND"
        elif short not in ("DownloadVideo", "CreateVideoUrl") or state == "succeeded":
            assert got.code in ("OK", "open")
        else:
            assert got.code == "FAILED_PRECONDITION"


@pytest.mark.parametrize("key", [READER, ADMIN])
@pytest.mark.parametrize("kind", ["videos", "operations"])
async def test_readers_and_administrators_list_all(server: Server, key: str, kind: str) -> None:
    names = {await generated(server, ADA), await generated(server, BOB)}
    made: Any = api if kind == "videos" else operations_pb2
    listed = await getattr(server, kind).ListOperations(
        made.ListOperationsRequest(), **bearing(key)
    )
    assert {operation.name for operation in listed.operations} == names
    watch = server.videos.WatchOperations(api.WatchOperationsRequest(), **bearing(key))
    assert {message.operation.name async for message in first(watch, 2)} == names


async def test_an_administrator_changes_anothers_operation(server: Server) -> None:
    cancelled, deleted = await generated(server, BOB), await generated(server, BOB)
    await server.videos.CancelOperation(
        api.CancelOperationRequest(name=cancelled), **bearing(ADMIN)
    )
    await server.videos.DeleteOperation(api.DeleteOperationRequest(name=deleted), **bearing(ADMIN))
    listed = await server.videos.ListOperations(api.ListOperationsRequest(), **bearing(BOB))
    assert [operation.name for operation in listed.operations] == [cancelled]
    assert listed.operations[0].done
