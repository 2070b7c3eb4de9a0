# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the golden messages: python tests/golden/write_golden.py.

A file changes only when the contract has grown. One that changes otherwise is a break.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToJson
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status
from google.type.money_pb2 import Money
from longtake.v1.generation_pb2 import (
    GeneratedVideo,
    GenerateVideosConfig,
    GenerateVideosResponse,
)
from longtake.v1.media_pb2 import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import GenerateVideosRequest

if TYPE_CHECKING:
    from google.protobuf.message import Message

FOLDER = Path(__file__).parent
NAME = "operations/019a1b2c-3d4e-7f60-8123-456789abcdef"
MODEL = "veo-3.1-generate-001"
# Every byte of a kind that text would spoil.
BYTES = bytes([0, 1, 127, 128, 255]) + "é".encode()
LABELS = {"campaign": "spring", "team": "ads", "zone": "übersee"}
# One pair: some languages write those of a map in any order.
WEBHOOK_METADATA = {"größe": "17"}
Config = GenerateVideosConfig
State = GenerateVideosMetadata.State


def _time(minute: int) -> Timestamp:
    return Timestamp(seconds=1_790_000_000 + 60 * minute, nanos=123_456_789)


def _file(name: str, mime_type: str) -> FileData:
    return FileData(file_uri=f"gs://bucket/{name}", mime_type=mime_type)


def _config() -> GenerateVideosConfig:
    frame = Image(data=BYTES, mime_type="image/png")
    asset = ReferenceImage(image=frame, reference_type=ReferenceImage.ReferenceType.ASSET)
    return Config(
        number_of_videos=2,
        aspect_ratio="16:9",
        duration_seconds=8,
        resolution="1080p",
        fps=24,
        seed=4_294_967_295,
        negative_prompt="text, logos",
        # False and 0 that are set differ from those that are not.
        enhance_prompt=False,
        generate_audio=True,
        person_generation=Config.PersonGeneration.ALLOW_ADULT,
        safety_filter_level=Config.SafetyFilterLevel.BLOCK_SOME,
        compressed=False,
        compression_quality=Config.CompressionQuality.LOSSLESS,
        generation_mode=Config.GenerationMode.QUALITY,
        last_frame=Image(file_data=_file("last.png", "image/png")),
        reference_images=[asset, asset],
        mask=Mask(image=frame, mask_mode=Mask.MaskMode.REMOVE_STATIC),
        camera_control=Config.CameraControl.PULL_OUT,
        resize_mode=Config.ResizeMode.PAD,
        labels=LABELS,
        output_gcs_uri="gs://bucket/results",
        pubsub_topic="projects/p/topics/t",
    )


def _request() -> GenerateVideosRequest:
    return GenerateVideosRequest(
        request_id="0b7e2f7a-4f1b-4c57-9a0e-5d1f1f0a9a11",
        model=MODEL,
        prompt='A paper boat 🚣 sails past a "café"\n',
        image=Image(data=BYTES, mime_type="image/webp"),
        video=Video(
            file_data=_file("clip.mp4", "video/mp4"),
            mime_type="video/mp4",
            size_bytes=0,
            sha256="e3b0c442" * 8,
            expire_time=_time(600),
        ),
        config=_config(),
        resubmit_if_unknown=True,
        queue_timeout=Duration(seconds=90, nanos=500_000_000),
        priority=-7,
        allow_model_fallback=True,
        previous_operation=NAME,
        validate_only=True,
        max_cost=Money(currency_code="USD", units=12, nanos=340_000_000),
        webhook="orders",
        webhook_metadata=WEBHOOK_METADATA,
    )


def _running() -> GenerateVideosOperation:
    return GenerateVideosOperation(
        name=NAME,
        metadata=GenerateVideosMetadata(
            state=State.RUNNING,
            model=MODEL,
            served_model="veo-3.1-fast-generate-001",
            create_time=_time(0),
            submit_time=_time(1),
            update_time=_time(2),
            estimated_finish_time=_time(3),
            estimated_start_time=_time(1),
            progress_percent=0,
            queue_position=0,
            attempts=2,
            next_retry_time=_time(4),
            last_error=Status(code=code_pb2.UNAVAILABLE, message="No connection"),
            prompt_excerpt="A paper boat 🚤",
            labels=LABELS,
            cancel_requested=True,
            webhook="orders",
            webhook_metadata=WEBHOOK_METADATA,
        ),
        revision=3,
    )


def _succeeded() -> GenerateVideosOperation:
    video = Video(
        data=BYTES, mime_type="video/mp4", size_bytes=9_007_199_254_740_993, sha256="ab" * 32
    )
    return GenerateVideosOperation(
        name=NAME,
        done=True,
        response=GenerateVideosResponse(
            generated_videos=[
                GeneratedVideo(name=f"{NAME}/videos/0", video=video, generation_seed=0),
                GeneratedVideo(name=f"{NAME}/videos/1"),
            ],
            rai_media_filtered_count=1,
            rai_media_filtered_reasons=["It may show a person (58061214)."],
        ),
        metadata=GenerateVideosMetadata(
            state=State.SUCCEEDED,
            model=MODEL,
            end_time=_time(5),
            expire_time=_time(600),
            billed_seconds=16.25,
            estimated_cost=Money(currency_code="USD", units=6, nanos=500_000_000),
        ),
        revision=4_611_686_018_427_387_905,
    )


def _failed() -> GenerateVideosOperation:
    reason = error_details_pb2.ErrorInfo(
        reason="ATTEMPTS_EXHAUSTED",
        domain="longtake.dev",
        # One entry: inside of an Any, which is bytes, nothing promises an order of several.
        metadata={"upstream": "agent_platform"},
    )
    violation = error_details_pb2.BadRequest.FieldViolation(
        field="config.duration_seconds", description="5 is not accepted; accepted are 4, 6, 8"
    )
    retry = error_details_pb2.RetryInfo(retry_delay=Duration(seconds=1, nanos=250_000_000))
    error = Status(code=code_pb2.RESOURCE_EXHAUSTED, message="The upstream has no quota left")
    for detail in (reason, error_details_pb2.BadRequest(field_violations=[violation]), retry):
        packed = Any()
        packed.Pack(detail)
        error.details.append(packed)
    return GenerateVideosOperation(
        name=NAME,
        done=True,
        error=error,
        metadata=GenerateVideosMetadata(
            state=State.FAILED,
            model=MODEL,
            warnings=["The upstream may bill it.", ""],
            principal="okta:0193",
            late_success=True,
        ),
        revision=5,
    )


def golden_messages() -> dict[str, Message]:
    """Return the messages by the names of their files."""
    return {
        "generate_videos_request": _request(),
        "operation_running": _running(),
        "operation_succeeded": _succeeded(),
        "operation_failed": _failed(),
    }


def binary_of(message: Message) -> bytes:
    """Return the deterministic encoding: fields by number, maps by key."""
    return message.SerializeToString(deterministic=True)


def json_of(message: Message) -> str:
    """Return what protobuf's JSON mapping gives, sorted since maps have no order."""
    return MessageToJson(message, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every message in both encodings."""
    for name, message in golden_messages().items():
        (FOLDER / f"{name}.binpb").write_bytes(binary_of(message))
        (FOLDER / f"{name}.json").write_text(json_of(message), encoding="utf-8")


if __name__ == "__main__":
    main()
