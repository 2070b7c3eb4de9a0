# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server ends the stream of a client that stops reading."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

import grpc
import pytest
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from longtake.v1.video_service_pb2 import DownloadVideoRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Finished
from longtake_server.rpc.health import HealthServicer
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.rpc.server import RpcServer
from longtake_server.telemetry import Telemetry
from rpc.rpc_server import fault_of, open_door

if TYPE_CHECKING:
    from pathlib import Path

SIZE = 32 << 20


class Signal(logging.Handler):
    """Sets an event when a line that contains a text is logged."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.seen = asyncio.Event()
        self._text = text

    def emit(self, record: logging.LogRecord) -> None:
        if self._text in record.getMessage():
            self.seen.set()


async def test_a_reader_that_stops_reading_is_let_go(tmp_path: Path) -> None:
    video = Finished((StoredVideo("gs://bucket/video.mp4", "video/mp4"),))
    script = ScriptedUpstream(submissions=["up/1"], polls=[video], video=bytes(SIZE))
    given_up = Signal("ended a stream")
    access = logging.getLogger("longtake_server.access")
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        for _ in range(3):
            await parts.driver.step(name)
        server = RpcServer(
            parts.service,
            parts.webhooks,
            HealthServicer(),
            max_request_bytes=1 << 20,
            budget=RequestBudget(1 << 30),
            send_timeout_seconds=0.1,
            clock=parts.clock,
            door=open_door(parts.clock),
            telemetry=Telemetry(),
        )
        address = server.bind("127.0.0.1:0")
        await server.start()
        access.addHandler(given_up)
        try:
            async with grpc.aio.insecure_channel(address) as channel:
                stream = VideoServiceStub(channel).DownloadVideo(
                    DownloadVideoRequest(name=f"{name}/videos/0")
                )
                messages = aiter(stream)
                assert (await anext(messages)).HasField("video")
                await given_up.seen.wait()
                with pytest.raises(grpc.aio.AioRpcError) as ended:
                    assert sum([len(message.chunk.data) async for message in messages]) < SIZE
                fault = fault_of(ended.value)
                assert (fault.code, fault.reason) == (
                    grpc.StatusCode.UNAVAILABLE,
                    "READER_TOO_SLOW",
                )
        finally:
            access.removeHandler(given_up)
            await server.stop(0)
