# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What every language's example does when its credential expires during a watch."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import av
import grpc
import grpc.aio
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc_status import rpc_status
from longtake_server.identity import api_key
from processes.running import server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from polyglot.credentials import Example

_WATCH = "/longtake.v1.VideoService/WatchOperation"
_STREAMS = (_WATCH, "/longtake.v1.VideoService/DownloadVideo", "/grpc.health.v1.Health/Watch")


async def resumes_after_its_credential_expired(program: Example, folder: Path) -> None:
    """It goes on with a credential that it reads again, and makes the video once."""
    out_file, key = folder / "boat.mp4", api_key.generate().text
    async with (
        simulator(folder) as upstream,
        server(folder, upstream) as longtake,
    ):
        await longtake.start()
        async with expiring(longtake.address) as door:
            variables = {"LONGTAKE_ADDRESS": door.address, "LONGTAKE_API_KEY": key}
            async with program.started("A paper boat", out_file, variables) as process:
                said, told = await process.communicate()
        assert process.returncode == 0, (said + told).decode()
        assert sum((await upstream.statistics())["submissions_by_prompt"].values()) == 1
    assert door.watches == [f"Bearer {key}"] * 2
    with av.open(str(out_file), "r") as video:
        assert sum(1 for _ in video.decode(video=0)) > 0


class Door(grpc.GenericRpcHandler):
    """Passes calls on. It ends the first watch after its first message: CREDENTIAL_EXPIRED.

    Attributes:
        address: Where it listens.
        watches: The credential of each watch.

    """

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._channel = channel
        self.address = ""
        self.watches: list[str] = []

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        """Return the handler of a method."""
        method = handler_call_details.method

        async def call(request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            unary: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes]
            unary = self._channel.unary_unary(method)
            return await unary(request)

        async def stream(
            request: bytes, context: grpc.aio.ServicerContext[bytes, bytes]
        ) -> AsyncIterator[bytes]:
            is_first_watch = method == _WATCH and not self.watches
            if method == _WATCH:
                metadata = dict(context.invocation_metadata() or ())
                self.watches.append(str(metadata["authorization"]))
            opened: grpc.aio.UnaryStreamMultiCallable[bytes, bytes]
            opened = self._channel.unary_stream(method)
            async for message in opened(request):
                yield message
                if is_first_watch:
                    await context.abort_with_status(rpc_status.to_status(_expired()))

        if method in _STREAMS:
            return grpc.unary_stream_rpc_method_handler(stream)
        return grpc.unary_unary_rpc_method_handler(call)


@asynccontextmanager
async def expiring(address: str) -> AsyncIterator[Door]:
    """Serve a Door before a server."""
    async with grpc.aio.insecure_channel(address) as channel:
        door, front = Door(channel), grpc.aio.server()
        front.add_generic_rpc_handlers((door,))
        door.address = f"127.0.0.1:{front.add_insecure_port('127.0.0.1:0')}"
        await front.start()
        try:
            yield door
        finally:
            await front.stop(None)


def _expired() -> status_pb2.Status:
    status = status_pb2.Status(code=code_pb2.UNAUTHENTICATED, message="the credential expired")
    why = error_details_pb2.ErrorInfo(reason="CREDENTIAL_EXPIRED", domain="longtake.dev")
    status.details.add().Pack(why)
    return status
