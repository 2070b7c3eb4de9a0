# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Generations whose submission or poll meets a fault, and what comes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf import json_format
from google.rpc import error_details_pb2
from longtake.v1.operation_pb2 import GenerateVideosMetadata, GenerateVideosOperation
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WaitOperationRequest

if TYPE_CHECKING:
    import grpc
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Simulator

State = GenerateVideosMetadata.State
MODEL = "veo-3.1-lite-generate-001"
TYPE = "type.googleapis.com/google.rpc."
UNKNOWN = "SUBMISSION_OUTCOME_UNKNOWN"


def request(prompt: str, *, resubmit: bool = False) -> GenerateVideosRequest:
    config = {"duration_seconds": 4, "resolution": "720p"}
    return GenerateVideosRequest(
        model=MODEL, prompt=prompt, config=config, resubmit_if_unknown=resubmit
    )


async def ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    while not (operation := await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    return operation


async def generated(
    stub: VideoServiceAsyncStub, prompt: str, *, resubmit: bool = False
) -> GenerateVideosOperation:
    started = await stub.GenerateVideos(request(prompt, resubmit=resubmit))
    return await ended(stub, started.name)


async def posts(upstream: Simulator) -> tuple[int, int]:
    """The number of submissions received, and how many of them started a generation."""
    counts = await upstream.statistics()
    return counts["submissions_received"], counts["submissions_accepted"]


def details(operation: GenerateVideosOperation) -> list[dict[str, Any]]:
    known = error_details_pb2.DESCRIPTOR.pool
    unpack = json_format.MessageToDict
    return [unpack(one, descriptor_pool=known) for one in operation.error.details]


def assert_failed(
    operation: GenerateVideosOperation, code: grpc.StatusCode, reason: str, *others: str
) -> list[dict[str, Any]]:
    """Check the machine-readable part of an error, and return the upstream's details."""
    assert operation.metadata.state == State.FAILED
    assert operation.error.code == code.value[0], operation.error
    assert operation.error.message
    first, *rest = details(operation)
    metadata = {} if reason == UNKNOWN else {"upstream": "agent_platform"}
    assert first.pop("metadata", {}).items() >= metadata.items()
    assert first == {"@type": f"{TYPE}ErrorInfo", "reason": reason, "domain": "longtake.dev"}
    assert [one["@type"] for one in rest] == [TYPE + kind for kind in others]
    return rest


def assert_succeeded(operation: GenerateVideosOperation, submissions: int) -> None:
    assert operation.metadata.state == State.SUCCEEDED, operation
    assert len(operation.response.generated_videos) == 1
    assert operation.metadata.attempts == submissions
