# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Slow, expired or rotated credentials delay only the calls that need them."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import (
    GenerateVideosRequest,
    GetOperationRequest,
    ListOperationsRequest,
    WaitOperationRequest,
)
from processes.running import GUARD_SECONDS, Server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from processes.running import Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

State = GenerateVideosMetadata.State
REQUEST = GenerateVideosRequest(
    model="veo-3.1-lite-generate-001",
    prompt="a dog",
    config=GenerateVideosConfig(duration_seconds=4),
)
ACCOUNT = {"aliases": ["default"], "email": "service@p.iam", "scopes": ["cloud-platform"]}


class MetadataServer:
    """A metadata server of a cloud machine, which google-auth asks for tokens.

    Attributes:
        tokens: The tokens that it returns, in order; the last one repeats.
        may_answer: Requests for tokens wait until it is set.
        asked: Set when a token is requested.
    """

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.may_answer = asyncio.Event()
        self.asked = asyncio.Event()
        self.given: list[str] = []

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := (await reader.readuntil(b"\r\n\r\n")).decode():
                body = json.dumps(await self._answer(head.split(" ")[1])).encode()
                writer.write(
                    b"HTTP/1.1 200 OK\r\nMetadata-Flavor: Google\r\n"
                    b"Content-Type: application/json\r\n"
                    b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
                )
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, path: str) -> object:
        if "/token" not in path:
            return ACCOUNT if "service-accounts" in path else "p"
        self.asked.set()
        await self.may_answer.wait()
        self.given.append(self.tokens.pop(0) if len(self.tokens) > 1 else self.tokens[0])
        return {"access_token": self.given[-1], "expires_in": 3600, "token_type": "Bearer"}


@asynccontextmanager
async def served(
    tmp_path: Path, upstream: Simulator, metadata: MetadataServer, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[VideoServiceAsyncStub]:
    """Run the server with this metadata server."""
    peer = await asyncio.start_server(metadata.connected, "127.0.0.1", 0)
    address = "{}:{}".format(*peer.sockets[0].getsockname())
    for name in ("GCE_METADATA_HOST", "GCE_METADATA_IP", "GCE_METADATA_ROOT"):
        monkeypatch.setenv(name, address)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS", raising=False)
    settings = {
        "LONGTAKE_UPSTREAM": "agent_platform",
        "LONGTAKE_GOOGLE_PROJECT": "p",
        "LONGTAKE_GOOGLE_BASE_URL": upstream.base_url,
        "LONGTAKE_GOOGLE_STORAGE_URL": upstream.base_url,
    }
    longtake = Server(tmp_path, settings)
    try:
        yield await longtake.start()
    finally:
        metadata.may_answer.set()
        await longtake.aclose()
        peer.close()


async def ended(stub: VideoServiceAsyncStub, name: str) -> GenerateVideosOperation:
    while not (operation := await stub.WaitOperation(WaitOperationRequest(name=name))).done:
        pass
    return operation


async def test_a_slow_metadata_server_holds_up_the_submission_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = MetadataServer("t")
    async with (
        simulator(tmp_path) as upstream,
        served(tmp_path, upstream, metadata, monkeypatch) as stub,
    ):
        name = (await stub.GenerateVideos(REQUEST)).name
        await metadata.asked.wait()
        for _ in range(100):
            operation = await stub.GetOperation(GetOperationRequest(name=name))
            assert operation.metadata.state == State.SUBMITTING
            assert len((await stub.ListOperations(ListOperationsRequest())).operations) == 1
        assert (await upstream.statistics())["submissions_received"] == 0
        metadata.may_answer.set()
        assert (await ended(stub, name)).metadata.state == State.SUCCEEDED
        assert metadata.given == ["t"]


async def test_a_token_that_is_refused_is_replaced_and_nothing_is_sent_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The simulator refuses this token as Google refuses an expired one.
    metadata = MetadataServer("expired", "fresh")
    metadata.may_answer.set()
    async with (
        simulator(tmp_path) as upstream,
        served(tmp_path, upstream, metadata, monkeypatch) as stub,
    ):
        names = [(await stub.GenerateVideos(REQUEST)).name for _ in range(3)]
        for name in names:
            assert (await ended(stub, name)).metadata.state == State.SUCCEEDED
        # Each call in flight with the old token may ask for a new one.
        assert metadata.given[0] == "expired"
        assert set(metadata.given[1:]) == {"fresh"}
        assert (await upstream.statistics())["submissions_accepted"] == 3


async def test_credentials_without_permission_end_the_operation_with_the_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metadata = MetadataServer("forbidden")
    metadata.may_answer.set()
    async with (
        simulator(tmp_path) as upstream,
        served(tmp_path, upstream, metadata, monkeypatch) as stub,
    ):
        operation = await ended(stub, (await stub.GenerateVideos(REQUEST)).name)
        assert operation.metadata.state == State.FAILED
        assert "UPSTREAM_REJECTED" in str(operation.error.details)
        assert "forbidden" not in str(operation)
