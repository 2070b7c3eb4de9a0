# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server with an HTTP listener and API keys, and the environment that moves an SDK to it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import WatchOperationsRequest
from sdk.sdk_runs import TESTS

if TYPE_CHECKING:
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Server

SETTINGS = {"authentication": "keys", "http_listen": "127.0.0.1:0"}
THREE_SECONDS = [(640, 360)] * (3 * 24)
END = ["step.start", "step.delta", "step.stop", "interaction.completed"]
"""The types of the events at the end of a completed interaction."""


def environment(mode: str, address: str, key: str, other: str = "") -> dict[str, str]:
    """Return the environment that moves a client without arguments to Longtake.

    Args:
        mode: platform for the Agent Platform, developer for the Gemini Developer API.
        address: Of the HTTP listener.
        key: The API key.
        other: The API key of another principal.

    """
    url = f"http://{address}"
    of_mode = {
        "platform": {"GOOGLE_GENAI_USE_VERTEXAI": "true", "GOOGLE_VERTEX_BASE_URL": url},
        "developer": {},
    }[mode]
    clean = {name: text for name, text in os.environ.items() if "GOOGLE" not in name}
    return {
        **clean,
        **of_mode,
        "GOOGLE_GEMINI_BASE_URL": url,
        "GOOGLE_API_KEY": key,
        "OTHER_API_KEY": other,
        "PYTHONPATH": str(TESTS),
    }


def http_address(longtake: Server) -> str:
    """Return where it says in its log that it serves HTTP."""
    lines = [line for line in longtake.log.splitlines() if "serving HTTP" in line]
    return lines[-1].rpartition("address=")[2]


async def run_upstream(stub: VideoServiceAsyncStub, key: str, number: int) -> None:
    """Wait until a number of operations run upstream, as far as the server has stored it.

    A server that is killed before that cannot know whether it has submitted them.
    """
    running = set()
    metadata = (("authorization", f"Bearer {key}"),)
    watch = stub.WatchOperations(WatchOperationsRequest(), metadata=metadata)
    async for message in watch:
        if message.operation.metadata.state == GenerateVideosMetadata.State.RUNNING:
            running.add(message.operation.name)
            if len(running) == number:
                watch.cancel()
                return
    raise AssertionError("the watch ended by itself")
