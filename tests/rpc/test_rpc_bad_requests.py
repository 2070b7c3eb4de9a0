# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Invalid names, tokens, filters, limits and offsets, on every method that takes them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.longrunning import operations_pb2
from google.protobuf.duration_pb2 import Duration
from longtake.v1 import video_service_pb2 as api
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from pathlib import Path

    from rpc.rpc_server import Server

ABSENT = "operations/01936d3c-0000-7000-8000-000000000000"

# Every method that takes the name of an operation: the stub, the method, its request.
BY_NAME: list[tuple[str, str, Any]] = [
    ("videos", "GetOperation", api.GetOperationRequest),
    ("videos", "WatchOperation", api.WatchOperationRequest),
    ("videos", "WaitOperation", api.WaitOperationRequest),
    ("videos", "CancelOperation", api.CancelOperationRequest),
    ("videos", "DeleteOperation", api.DeleteOperationRequest),
    ("operations", "GetOperation", operations_pb2.GetOperationRequest),
    ("operations", "WaitOperation", operations_pb2.WaitOperationRequest),
    ("operations", "CancelOperation", operations_pb2.CancelOperationRequest),
    ("operations", "DeleteOperation", operations_pb2.DeleteOperationRequest),
]
BY_NAME_IDS = [f"{stub}.{method}" for stub, method, _ in BY_NAME]

MALFORMED = [
    "",
    "0193",
    "operations/",
    "operations/a b",
    "operations/a\n",
    "operations/a/videos/0",
    "models/a",
    "operations/" + "a" * 65,
    "operations/é",
]
MALFORMED_VIDEOS = [
    "",
    "operations/a",
    "operations/a/videos/",
    "operations/a/videos/-1",
    "operations/a/videos/one",
    "operations/a/videos/00",
    "operations/a/videos/0/1",
    "operations/a/videos/9999999",
]

WRONG_FILTERS = [
    "state",
    "state = ",
    "state = DANCING",
    "state = running",
    "done = yes",
    "size = 1",
    "labels. = a",
    'model = "veo" OR done = true',
    'model = "veo',
    "done = true AND",
    "done = true AND done = false",
    "state = RUNNING AND done = true",
    'model = "a" AND model = "b"',
    'labels.team = "a" AND labels.team = "b"',
    " AND ".join(f"labels.k{number} = a" for number in range(2000)),
    "done = true" + " " * 100_000 + "x",
    "é" * 10_000,
]

WRONG_TOKENS = [
    "garbage",
    "é",
    "====",
    base64.urlsafe_b64encode(b"7").decode(),
    base64.urlsafe_b64encode(b"[]").decode(),
    base64.urlsafe_b64encode(b'["a", 1]').decode(),
    base64.urlsafe_b64encode(b"\xff\xff").decode(),
    base64.urlsafe_b64encode(b"[" * 100_000).decode(),
]


async def invalid(call: Any) -> list[str]:
    """Return the fields that the error of a call names."""
    fault = await refused(call)
    assert (fault.code, fault.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert fault.metadata == {"fields": ",".join(fault.fields)}
    return fault.fields


@pytest.mark.parametrize(("stub", "method", "request_"), BY_NAME, ids=BY_NAME_IDS)
async def test_an_operation_that_never_was_is_not_found(
    tmp_path: Path, stub: str, method: str, request_: Any
) -> None:
    async with serving(tmp_path) as server:
        fault = await refused(getattr(getattr(server, stub), method)(request_(name=ABSENT)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_NOT_FOUND")
    assert fault.metadata == {"resource": ABSENT}
    resource = fault.details["ResourceInfo"]
    assert resource.resource_type == "longtake.dev/Operation"
    assert resource.resource_name == ABSENT


@pytest.mark.parametrize(("stub", "method", "request_"), BY_NAME, ids=BY_NAME_IDS)
async def test_a_malformed_name_is_invalid(
    tmp_path: Path, stub: str, method: str, request_: Any
) -> None:
    async with serving(tmp_path) as server:
        call = getattr(getattr(server, stub), method)
        for name in MALFORMED:
            assert await invalid(call(request_(name=name))) == ["name"]


@pytest.mark.parametrize(("stub", "method", "request_"), BY_NAME, ids=BY_NAME_IDS)
async def test_a_deleted_operation_is_told_from_one_that_never_was(
    tmp_path: Path, stub: str, method: str, request_: Any
) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        await server.videos.DeleteOperation(api.DeleteOperationRequest(name=name))
        fault = await refused(getattr(getattr(server, stub), method)(request_(name=name)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_DELETED")
    assert fault.metadata == {"resource": name}


@pytest.mark.parametrize("stub", ["videos", "operations"])
async def test_an_expired_operation_is_told_from_a_deleted_one(tmp_path: Path, stub: str) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        await server.parts.ledger.delete(name, expired=True)
        call = getattr(server, stub).GetOperation
        fault = await refused(call(operations_pb2.GetOperationRequest(name=name)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_EXPIRED")
    assert fault.metadata == {"resource": name}


async def listed(server: Server, stub: str, **fields: Any) -> list[str]:
    """Return the fields that the errors of both list methods name."""
    kind: Any = {
        "videos": api.ListOperationsRequest,
        "operations": operations_pb2.ListOperationsRequest,
    }[stub]
    return await invalid(getattr(server, stub).ListOperations(kind(**fields)))


@pytest.mark.parametrize("stub", ["videos", "operations"])
async def test_a_filter_that_is_not_understood_is_invalid(tmp_path: Path, stub: str) -> None:
    async with serving(tmp_path) as server:
        for text in WRONG_FILTERS:
            assert await listed(server, stub, filter=text) == ["filter"], text


async def test_a_watch_takes_no_filter_that_is_not_understood(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for text in WRONG_FILTERS:
            watch = server.videos.WatchOperations(api.WatchOperationsRequest(filter=text))
            assert await invalid(watch) == ["filter"], text


@pytest.mark.parametrize("stub", ["videos", "operations"])
async def test_a_page_token_that_is_garbage_is_invalid(tmp_path: Path, stub: str) -> None:
    async with serving(tmp_path) as server:
        for token in WRONG_TOKENS:
            assert await listed(server, stub, page_token=token) == ["page_token"], token[:20]


@pytest.mark.parametrize("stub", ["videos", "operations"])
async def test_a_page_token_of_another_query_is_invalid(tmp_path: Path, stub: str) -> None:
    async with serving(tmp_path) as server:
        for _ in range(2):
            await server.accepted()
        page = await server.videos.ListOperations(api.ListOperationsRequest(page_size=1))
        token = page.next_page_token
        assert await listed(server, stub, page_token=token, filter="done = false") == ["page_token"]
        models = await server.videos.ListModels(api.ListModelsRequest(page_size=1))
        assert await listed(server, stub, page_token=models.next_page_token) == ["page_token"]
        wrong = server.videos.ListModels(api.ListModelsRequest(page_token=token))
        assert await invalid(wrong) == ["page_token"]


async def test_a_page_token_of_the_models_that_is_garbage_is_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for token in WRONG_TOKENS:
            call = server.videos.ListModels(api.ListModelsRequest(page_token=token))
            assert await invalid(call) == ["page_token"]


@pytest.mark.parametrize("stub", ["videos", "operations"])
async def test_a_negative_page_size_is_invalid(tmp_path: Path, stub: str) -> None:
    async with serving(tmp_path) as server:
        assert await listed(server, stub, page_size=-1) == ["page_size"]
        models = server.videos.ListModels(api.ListModelsRequest(page_size=-1))
        assert await invalid(models) == ["page_size"]


async def test_a_position_that_is_garbage_is_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for token in WRONG_TOKENS:
            call = server.videos.WatchOperations(api.WatchOperationsRequest(after_position=token))
            assert await invalid(call) == ["after_position"]


async def test_negative_revisions_and_times_are_invalid(tmp_path: Path) -> None:
    past = Duration(seconds=-1)
    async with serving(tmp_path) as server:
        name, videos = await server.accepted(), server.videos
        watch = api.WatchOperationRequest(name=name, after_revision=-1)
        assert await invalid(videos.WatchOperation(watch)) == ["after_revision"]
        beat = api.WatchOperationRequest(name=name, heartbeat_interval=past)
        assert await invalid(videos.WatchOperation(beat)) == ["heartbeat_interval"]
        beats = api.WatchOperationsRequest(heartbeat_interval=past)
        assert await invalid(videos.WatchOperations(beats)) == ["heartbeat_interval"]
        wait = api.WaitOperationRequest(name=name, after_revision=-1)
        assert await invalid(videos.WaitOperation(wait)) == ["after_revision"]
        timeout = api.WaitOperationRequest(name=name, timeout=past)
        assert await invalid(videos.WaitOperation(timeout)) == ["timeout"]
        standard = operations_pb2.WaitOperationRequest(name=name, timeout=past)
        assert await invalid(server.operations.WaitOperation(standard)) == ["timeout"]


async def test_a_revision_ahead_of_the_operation_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = await server.accepted()
        watch = api.WatchOperationRequest(name=name, after_revision=7)
        fault = await refused(server.videos.WatchOperation(watch))
    assert (fault.code, fault.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "REVISION_AHEAD")
    assert fault.metadata == {"revision": "7", "newest": "1"}
    assert fault.details["PreconditionFailure"].violations[0].subject == "revision"


async def test_a_malformed_name_of_a_video_is_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for name in MALFORMED_VIDEOS:
            call = server.videos.DownloadVideo(api.DownloadVideoRequest(name=name))
            assert await invalid(call) == ["name"], name


async def test_a_video_past_the_last_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = f"{await server.succeeded(b'one', b'two')}/videos/2"
        fault = await refused(server.videos.DownloadVideo(api.DownloadVideoRequest(name=name)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "VIDEO_NOT_FOUND")
    assert fault.metadata == {"resource": name, "videos": "2"}
    assert fault.details["ResourceInfo"].resource_type == "longtake.dev/Video"


async def test_a_video_of_an_operation_that_never_was_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        call = server.videos.DownloadVideo(api.DownloadVideoRequest(name=f"{ABSENT}/videos/0"))
        fault = await refused(call)
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_NOT_FOUND")


async def test_a_video_that_is_not_ready_is_told_with_the_state(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = f"{await server.running()}/videos/0"
        fault = await refused(server.videos.DownloadVideo(api.DownloadVideoRequest(name=name)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "VIDEO_NOT_READY")
    assert fault.metadata == {"resource": name, "state": "RUNNING"}


async def test_a_video_whose_bytes_are_gone_is_told(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        operation = await server.succeeded(b"bytes")
        await server.parts.media.delete(operation)
        name = f"{operation}/videos/0"
        fault = await refused(server.videos.DownloadVideo(api.DownloadVideoRequest(name=name)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "VIDEO_EXPIRED")
    assert fault.metadata == {"resource": name}


@pytest.mark.parametrize(
    ("offset", "metadata"),
    [
        (6, {"read_offset": "6", "size_bytes": "5"}),
        ((1 << 63) - 1, {"read_offset": str((1 << 63) - 1), "size_bytes": "5"}),
        (-1, {"read_offset": "-1"}),
    ],
)
async def test_an_offset_outside_the_video_is_out_of_range(
    tmp_path: Path, offset: int, metadata: dict[str, str]
) -> None:
    async with serving(tmp_path) as server:
        name = f"{await server.succeeded(b'bytes')}/videos/0"
        request = api.DownloadVideoRequest(name=name, read_offset=offset)
        fault = await refused(server.videos.DownloadVideo(request))
    assert (fault.code, fault.reason) == (grpc.StatusCode.OUT_OF_RANGE, "OFFSET_PAST_END")
    assert fault.metadata == metadata
    assert fault.fields == ["read_offset"]


async def test_a_negative_limit_is_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        name = f"{await server.succeeded(b'bytes')}/videos/0"
        request = api.DownloadVideoRequest(name=name, read_limit=-1)
        assert await invalid(server.videos.DownloadVideo(request)) == ["read_limit"]


async def test_a_model_that_does_not_exist_is_not_found(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GetModel(api.GetModelRequest(name="models/veo-9")))
        for name in ("", "veo-3.1-generate-001", "models/", "models/a/b", "models/" + "a" * 129):
            assert await invalid(server.videos.GetModel(api.GetModelRequest(name=name))) == ["name"]
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "MODEL_NOT_FOUND")
    assert fault.metadata == {"resource": "models/veo-9"}
    assert fault.details["ResourceInfo"].resource_type == "longtake.dev/Model"


async def test_the_standard_list_is_of_operations_and_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        assert await listed(server, "operations", name="projects/p") == ["name"]
        partial = operations_pb2.ListOperationsRequest(return_partial_success=True)
        fault = await refused(server.operations.ListOperations(partial))
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNIMPLEMENTED, "NOT_SUPPORTED")
    assert fault.metadata == {"field": "return_partial_success"}
