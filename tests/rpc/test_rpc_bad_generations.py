# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An invalid request to generate gets an error that names every wrong field; nothing is stored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1.video_service_pb2 import DeleteOperationRequest, ListOperationsRequest
from operations.operations_requests import IMAGE, PNG, UUID4, VEO_2, VEO_31, VIDEO, ask
from rpc.rpc_server import MAX_REQUEST_BYTES, refused, serving

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from rpc.rpc_server import Fault, Server

LONG = "é" * 100_000

WRONG: list[tuple[GenerateVideosRequest, list[str]]] = [
    (ask(prompt=""), ["prompt"]),
    (ask(prompt=" \n"), ["prompt"]),
    (ask(model=""), ["model"]),
    (ask(model="veo-9"), ["model"]),
    (ask(model="operations/veo-9"), ["model"]),
    (ask(duration_seconds=5), ["config.duration_seconds"]),
    (ask(duration_seconds=-1), ["config.duration_seconds"]),
    (ask(aspect_ratio="4:3"), ["config.aspect_ratio"]),
    (ask(VEO_2, resolution="1080p"), ["config.resolution"]),
    (ask(fps=25), ["config.fps"]),
    (ask(number_of_videos=5), ["config.number_of_videos"]),
    (ask(number_of_videos=0), ["config.number_of_videos"]),
    (ask(request_id="not a UUID"), ["request_id"]),
    (ask(request_id="6ba7b810-9dad-11d1-80b4-00c04fd430c8"), ["request_id"]),
    (ask(image=Image()), ["image"]),
    (ask(image=Image(data=b"")), ["image.data"]),
    (ask(image=Image(data=b"these are no pixels")), ["image.data"]),
    (ask(image=Image(data=PNG + bytes(20_000_000))), ["image.data"]),
    (ask(image=Image(data=PNG, mime_type="video/mp4")), ["image.mime_type"]),
    (
        ask(image=Image(file_data=FileData(file_uri="/etc/passwd"))),
        ["image.file_data.file_uri", "image.file_data.mime_type"],
    ),
    (ask(video=Video()), ["video"]),
    (ask(image=IMAGE, video=VIDEO), ["video"]),
    (ask(mask=Mask(image=IMAGE, mask_mode=Mask.INSERT)), ["config.mask"]),
    (ask(last_frame=IMAGE), ["config.last_frame"]),
    (
        ask(reference_images=[ReferenceImage(image=IMAGE)]),
        ["config.reference_images[0].reference_type"],
    ),
    (ask(person_generation=99), ["config.person_generation"]),
    (ask(safety_filter_level=GenerateVideosConfig.BLOCK_MOST), ["config.safety_filter_level"]),
    (ask(queue_timeout=Duration(seconds=-1)), ["queue_timeout"]),
    (ask(priority=101), ["priority"]),
    (ask(output_gcs_uri="s3://bucket"), ["config.output_gcs_uri"]),
]


def wire_bytes(fault: Fault) -> int:
    """Return the size of the message and the details in the trailers."""
    details: int = sum(detail.ByteSize() + 70 for detail in fault.details.values())
    return len(quote(fault.message)) + (len(fault.message.encode()) + details) * 4 // 3


async def stored(server: Server) -> int:
    return len((await server.videos.ListOperations(ListOperationsRequest())).operations)


@pytest.mark.parametrize(("request_", "fields"), WRONG, ids=[",".join(f) for _, f in WRONG])
async def test_a_wrong_field_is_named_and_nothing_is_stored(
    tmp_path: Path, request_: GenerateVideosRequest, fields: Sequence[str]
) -> None:
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GenerateVideos(request_))
        assert await stored(server) == 0
    assert (fault.code, fault.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
    assert set(fault.fields) == set(fields)
    assert set(fault.metadata["fields"].split(",")) == set(fields)


async def test_every_violation_is_told_at_once(tmp_path: Path) -> None:
    request = ask(
        prompt="",
        request_id="1",
        priority=-101,
        duration_seconds=7,
        aspect_ratio="1:1",
        resolution="8k",
        number_of_videos=9,
    )
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GenerateVideos(request))
    assert sorted(fault.fields) == [
        "config.aspect_ratio",
        "config.duration_seconds",
        "config.number_of_videos",
        "config.resolution",
        "priority",
        "prompt",
        "request_id",
    ]
    for violation in fault.details["BadRequest"].field_violations:
        assert violation.field in fault.message
        assert violation.description in fault.message


async def test_more_violations_than_an_answer_can_carry_are_counted(tmp_path: Path) -> None:
    bad = Image(file_data=FileData(file_uri=LONG, mime_type=LONG))
    request = ask(
        model=LONG,
        prompt="",
        request_id=LONG,
        previous_operation=LONG,
        priority=-(1 << 31),
        queue_timeout=Duration(seconds=-(1 << 62)),
        image=bad,
        video=Video(file_data=FileData(file_uri=LONG, mime_type=LONG)),
        last_frame=bad,
        mask=Mask(image=bad, mask_mode=99),  # type: ignore[arg-type]  # a value of a newer client
        reference_images=[ReferenceImage(image=bad, reference_type=99)] * 4,  # type: ignore[arg-type]  # as above
        aspect_ratio=LONG,
        resolution=LONG,
        duration_seconds=-(1 << 31),
        number_of_videos=-(1 << 31),
        fps=-(1 << 31),
        negative_prompt="no cats",
        person_generation=1 << 30,
        safety_filter_level=1 << 30,
        generation_mode=1 << 30,
        compression_quality=1 << 30,
        camera_control=1 << 30,
        resize_mode=1 << 30,
        compressed=True,
        labels={str(number): LONG[:64] for number in range(65)},
        output_gcs_uri=LONG,
        pubsub_topic=LONG,
    )
    async with serving(tmp_path) as server:
        unknown = await refused(server.videos.GenerateVideos(request))
        request.model = "veo-3.1-lite-generate-preview"
        known = await refused(server.videos.GenerateVideos(request))
    for fault in (unknown, known):
        assert (fault.code, fault.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD")
        assert len(fault.fields) > 10
        assert fault.fields[-1] == "request"
        assert "more fields are invalid" in fault.message
        assert wire_bytes(fault) < 8 << 10


async def test_what_is_wrong_with_a_prompt_never_shows_it(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        request = ask(prompt="a private matter", duration_seconds=5, negative_prompt="a secret")
        fault = await refused(server.videos.GenerateVideos(request))
    assert "private" not in str(fault)
    assert "secret" not in str(fault)


async def test_a_message_over_the_limit_is_refused_with_both_sizes(tmp_path: Path) -> None:
    request = ask(prompt="a" * MAX_REQUEST_BYTES)
    async with serving(tmp_path) as server:
        fault = await refused(server.videos.GenerateVideos(request))
        assert await stored(server) == 0
    assert fault.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert fault.reason == "REQUEST_TOO_LARGE"
    assert fault.metadata == {
        "size_bytes": str(request.ByteSize()),
        "max_bytes": str(MAX_REQUEST_BYTES),
    }


async def test_bytes_that_are_no_request_are_invalid(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        call: Any = server.channel.unary_unary("/longtake.v1.VideoService/GenerateVideos")
        fault = await refused(call(b"\xff\xff\xff"))
    assert (fault.code, fault.fields) == (grpc.StatusCode.INVALID_ARGUMENT, ["request"])


async def test_the_same_request_with_the_same_id_is_the_same_operation(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        first = await server.videos.GenerateVideos(ask(request_id=UUID4))
        second = await server.videos.GenerateVideos(ask(request_id=UUID4.upper()))
        assert second == first
        assert await stored(server) == 1


async def test_another_request_with_the_same_id_is_refused(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        first = await server.videos.GenerateVideos(ask(request_id=UUID4))
        fault = await refused(server.videos.GenerateVideos(ask(prompt="a cat", request_id=UUID4)))
        assert await stored(server) == 1
    assert (fault.code, fault.reason) == (grpc.StatusCode.ALREADY_EXISTS, "REQUEST_ID_REUSED")
    assert fault.metadata == {"request_id": UUID4, "operation": first.name}
    assert fault.details["ResourceInfo"].resource_name == first.name


async def test_the_id_of_a_deleted_operation_is_not_used_again(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        first = await server.videos.GenerateVideos(ask(request_id=UUID4))
        await server.videos.DeleteOperation(DeleteOperationRequest(name=first.name))
        fault = await refused(server.videos.GenerateVideos(ask(request_id=UUID4)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_DELETED")
    assert fault.metadata == {"resource": first.name}


async def test_a_retired_model_is_refused_with_its_replacement(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        # The real use cases, configured as if the upstream were not the simulator.
        server.parts.service._acceptance._enforce_retirement = True
        fault = await refused(server.videos.GenerateVideos(ask(VEO_2)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "MODEL_RETIRED")
    assert fault.metadata["model"] == VEO_2
    assert fault.metadata["replacement"] == VEO_31
    [violation] = fault.details["PreconditionFailure"].violations
    assert violation.subject == f"models/{VEO_2}"
