# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts Longtake as an operator would, and the bare server that it is compared with."""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

from benchmarks.caller import registered
from benchmarks.programs import running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation

    from benchmarks.caller import Metadata
    from benchmarks.programs import Program

MODEL = "veo-3.1-generate-001"


@contextmanager
def longtake(folder: Path, **settings: str) -> Iterator[Program]:
    """Run Longtake until the block ends.

    Args:
        folder: The folder for its data.
        settings: LONGTAKE_* variables, in lower case without the prefix.

    """
    chosen = {
        "listen": "127.0.0.1:0",
        "data_folder": str(folder / "data"),
        "log_level": "warning",
        **settings,
    }
    environment = {f"LONGTAKE_{name.upper()}": value for name, value in chosen.items()}
    with running(["longtake_server", "serve"], environment) as program:
        yield program


@contextmanager
def authenticated(folder: Path, **settings: str) -> Iterator[Program]:
    """Run Longtake as `longtake` does, for a caller with an API key and limits."""
    metadata = registered(folder)
    with longtake(folder, authentication="keys", **settings) as program:
        program.metadata = metadata
        yield program


@contextmanager
def bare(
    folder: Path, answer: bytes, metadata: Metadata, video: Path | None = None
) -> Iterator[Program]:
    """Run the bare server until the block ends.

    Args:
        folder: The folder for the file with the answer.
        answer: The bytes that it answers with.
        metadata: The metadata of the calls to Longtake, for calls on equal terms.
        video: The file that a download reads.

    """
    file = folder / "answer"
    file.write_bytes(answer)
    with running(["benchmarks.bare_server", str(file), str(video or file)], {}) as program:
        program.metadata = metadata
        yield program


def on_simulator(folder: Path, simulator: Program) -> dict[str, str]:
    """Return settings that use a simulator in place of Google, without quotas."""
    return {
        "upstream": "agent_platform",
        "google_project": "benchmark",
        "google_access_token": "benchmark",
        "google_base_url": simulator.address,
        "catalogue_file": quota(folder, requests_per_minute=0),
    }


def quota(folder: Path, **quotas: int) -> str:
    """Write a catalogue file with these quotas of the model and return its path. 0: no limit."""
    file = folder / "catalogue.toml"
    lines = [f'[models."{MODEL}"]', *(f"{name} = {value}" for name, value in quotas.items())]
    file.write_text("\n".join(lines))
    return str(file)


def generation(prompt: str = "A paper boat [sim:never]") -> GenerateVideosRequest:
    """Return a request. With the default prompt, the generation never ends or renders."""
    return GenerateVideosRequest(request_id=str(uuid.uuid4()), model=MODEL, prompt=prompt)


async def accepted(program: Program, request: GenerateVideosRequest) -> GenerateVideosOperation:
    """Start a generation."""
    async with grpc.aio.insecure_channel(program.address) as channel:
        operation: GenerateVideosOperation = await VideoServiceStub(channel).GenerateVideos(
            request, metadata=program.metadata
        )
        return operation
