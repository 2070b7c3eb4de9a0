# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The conformance program of the Python client; see conformance.py for its steps."""

from __future__ import annotations

import hashlib
import json
import sys
import uuid
from pathlib import Path

import grpc
from longtake import Client, RetryPolicy
from longtake.errors import ClientError, LongtakeError, OperationFailed
from longtake.v1.video_service_pb2 import WatchOperationsRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

MODEL = "veo-3.1-lite-generate-001"
MOST_CALLS = 100


def main(address: str, out_file: Path) -> None:
    waits: list[float] = []

    def jitter() -> float:
        # Asked once for each time that a stream is taken up again.
        waits.append(0.5)
        return waits[-1]

    with Client(address, retry=RetryPolicy(jitter=jitter)) as client:
        invalid(client)
        name = generated(client)
        watched(client, name, waits)
        downloaded(client, name, out_file)
        ended = client.operations.list(filter="done = true")
        tell("listed", found=any(one.name == name for one in ended))
        cancelled(client)
    deadline(address, name)
    client_cancelled(address)


def tell(step: str, **facts: object) -> None:
    sys.stdout.write(json.dumps({"step": step, **facts}) + "\n")
    sys.stdout.flush()


def invalid(client: Client) -> None:
    try:
        client.models.generate_videos(
            model=MODEL, prompt="x", config={"duration": 5, "aspect_ratio": "1:1"}
        )
    except ClientError as error:
        violations = [
            {"field": one.field, "description": one.description} for one in error.violations
        ]
        tell("invalid", code=error.status, reason=error.reason, violations=violations)


def generated(client: Client) -> str:
    request_id = str(uuid.uuid4())
    name = ""
    for _ in range(2):
        name = client.models.generate_videos(
            model=MODEL, prompt="conformance", config={"duration": 4}, request_id=request_id
        ).name
        tell("generated", name=name, request_id=request_id)
    return name


def watched(client: Client, name: str, waits: list[float]) -> None:
    revisions: list[int] = []
    states: list[str] = []
    done = False
    for operation in client.operations.watch(name):
        if not revisions:
            tell("watching", revision=operation.revision)
        revisions.append(operation.revision)
        states.append(operation.metadata["state"])
        done = operation.done
    tell("watched", revisions=revisions, states=states, reconnects=len(waits), done=done)


def downloaded(client: Client, name: str, out_file: Path) -> None:
    client.operations.result(name).generated_videos[0].video.save(out_file)
    data = out_file.read_bytes()
    tell("downloaded", size=len(data), sha256=hashlib.sha256(data).hexdigest())


def cancelled(client: Client) -> None:
    operation = client.models.generate_videos(
        model=MODEL, prompt="cancel me [sim:never]", config={"duration": 4}
    )
    client.operations.cancel(operation)
    try:
        operation.result()
    except OperationFailed as failed:
        state = client.operations.get(operation).metadata["state"]
        tell("cancelled", state=state, reason=failed.reason)


def deadline(address: str, name: str) -> None:
    code = "OK"
    with Client(address, timeout=0.001) as client:
        for _ in range(MOST_CALLS):
            try:
                client.operations.get(name)
            except LongtakeError as error:
                code = error.status
                break
    tell("deadline", code=code)


def client_cancelled(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        call = VideoServiceStub(channel).WatchOperations(WatchOperationsRequest())
        next(iter(call))
        call.cancel()
        tell("client_cancelled", code=call.code().name)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
