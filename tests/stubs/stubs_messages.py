# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a server sends: operations, watches, downloads, errors."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from google.api.httpbody_pb2 import HttpBody
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2
from google.rpc.status_pb2 import Status
from longtake.v1 import generation_pb2, media_pb2, operation_pb2
from longtake.v1 import video_service_pb2 as api

if TYPE_CHECKING:
    from google.protobuf.message import Message

NAME = "operations/0193"
MODEL = "veo-3.1-fast-generate-001"
VIDEO = bytes(range(256)) * 40
Metadata = operation_pb2.GenerateVideosMetadata


def operation(
    state: str = "QUEUED", revision: int = 1, percent: int | None = None, **fields: object
) -> operation_pb2.GenerateVideosOperation:
    metadata = Metadata(state=state, model=MODEL, progress_percent=percent)
    return operation_pb2.GenerateVideosOperation(
        name=NAME,
        metadata=metadata,
        revision=revision,
        **fields,  # type: ignore[arg-type]  # a test's own fields
    )


def succeeded(
    revision: int = 4, *, videos: int = 1, withheld: int = 0, known: bool = True
) -> operation_pb2.GenerateVideosOperation:
    """Return an operation that made videos; `known` is whether size and hash are."""
    facts = {"size_bytes": len(VIDEO), "sha256": sha256()} if known else {}
    response = generation_pb2.GenerateVideosResponse(
        generated_videos=[
            generation_pb2.GeneratedVideo(
                name=f"{NAME}/videos/{index}",
                video=media_pb2.Video(mime_type="video/mp4", **facts),  # type: ignore[arg-type]  # as above
                generation_seed=7,
            )
            for index in range(videos)
        ],
        rai_media_filtered_count=withheld,
        rai_media_filtered_reasons=["The prompt names a person."] if withheld else [],
    )
    return operation("SUCCEEDED", revision, done=True, response=response)


def failed(
    state: str = "FAILED", code: code_pb2.Code = code_pb2.INTERNAL, reason: str = "UPSTREAM_FAILED"
) -> operation_pb2.GenerateVideosOperation:
    error = status(code, "The upstream failed.", error_info(reason, upstream="simulator"))
    return operation(state, 4, done=True, error=error)


def seen(message: operation_pb2.GenerateVideosOperation) -> api.WatchOperationResponse:
    return api.WatchOperationResponse(operation=message)


def heartbeat(revision: int) -> api.WatchOperationResponse:
    return api.WatchOperationResponse(
        heartbeat=api.WatchOperationResponse.Heartbeat(revision=revision)
    )


def changed(
    message: operation_pb2.GenerateVideosOperation, position: str = ""
) -> api.WatchOperationsResponse:
    return api.WatchOperationsResponse(operation=message, position=position)


def deleted(name: str, position: str) -> api.WatchOperationsResponse:
    deletion = api.WatchOperationsResponse.Deletion(name=name)
    return api.WatchOperationsResponse(deletion=deletion, position=position)


def set_complete(position: str) -> api.WatchOperationsResponse:
    complete = api.WatchOperationsResponse.InitialSetComplete()
    return api.WatchOperationsResponse(initial_set_complete=complete, position=position)


def nothing_changed(position: str) -> api.WatchOperationsResponse:
    beat = api.WatchOperationsResponse.Heartbeat()
    return api.WatchOperationsResponse(heartbeat=beat, position=position)


def sha256() -> str:
    return hashlib.sha256(VIDEO).hexdigest()


def chunk(data: bytes, **facts: object) -> api.DownloadVideoResponse:
    """Return bytes of a video; `facts` are those of the whole, as the first message has them."""
    message = api.DownloadVideoResponse(chunk=HttpBody(content_type="video/mp4", data=data))
    if facts:
        message.video.CopyFrom(media_pb2.Video(mime_type="video/mp4", **facts))  # type: ignore[arg-type]  # a test's own fields
    return message


def whole_video() -> api.DownloadVideoResponse:
    return chunk(VIDEO, size_bytes=len(VIDEO), sha256=sha256())


def status(code: code_pb2.Code, message: str, *details: Message) -> Status:
    packed = []
    for detail in details:
        packed.append(Any())
        packed[-1].Pack(detail)
    return Status(code=code, message=message, details=packed)


def error_info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain="longtake.dev", metadata=metadata)


def unavailable() -> Status:
    """Return what a connection that broke leaves."""
    return Status(code=code_pb2.UNAVAILABLE, message="Socket closed")


def draining() -> Status:
    """Return what a server says that shuts down."""
    return status(
        code_pb2.UNAVAILABLE,
        "The server is shutting down.",
        error_info("SERVER_DRAINING"),
        error_details_pb2.RetryInfo(retry_delay=Duration(nanos=1_000_000)),
    )


def invalid(**violations: str) -> Status:
    """Return a refusal; `violations` are by field, with two underscores for a dot."""
    bad = error_details_pb2.BadRequest()
    for field, description in violations.items():
        bad.field_violations.add(field=field.replace("__", "."), description=description)
    info = error_info("INVALID_FIELD", fields=",".join(violations))
    return status(code_pb2.INVALID_ARGUMENT, "The request is wrong.", info, bad)
