# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A connection to the server on an event loop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import grpc
import grpc.aio

from longtake._channel import channel_options
from longtake._status import error_of_call
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from longtake._backoff import RetryPolicy
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(slots=True)
class AsyncConnection:
    """What the parts of an asynchronous client share.

    The channel belongs to the loop that it is made on: it is made at the first call,
    and anew on another loop.

    Attributes:
        address: `host:port`.
        credentials: For TLS, or None for plaintext.
        timeout: The deadline of a unary call in seconds.
        policy: How streams are resumed.
        sleep: Waits for so many seconds.
    """

    address: str
    credentials: grpc.ChannelCredentials | None
    timeout: float
    policy: RetryPolicy
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _loop: asyncio.AbstractEventLoop | None = field(default=None, init=False)
    _channel: grpc.aio.Channel | None = field(default=None, init=False)
    _stub: VideoServiceAsyncStub | None = field(default=None, init=False)

    @property
    def stub(self) -> VideoServiceAsyncStub:
        """The stub on the running loop."""
        loop = asyncio.get_running_loop()
        if self._stub is None or self._loop is not loop:
            self._loop = loop
            self._channel = self._open()
            self._stub = VideoServiceStub(self._channel)
        return self._stub

    async def call(
        self, method: grpc.aio.UnaryUnaryMultiCallable[Request, Response], request: Request
    ) -> Response:
        """Call a unary method.

        Raises:
            LongtakeError: It failed.

        """
        try:
            return await method(request, timeout=self.timeout)
        except grpc.aio.AioRpcError as error:
            raise error_of_call(error) from error

    async def close(self) -> None:
        """Close the channel, if there is one; the next call makes another."""
        channel, self._channel, self._stub = self._channel, None, None
        if channel is not None:
            await channel.close()

    def _open(self) -> grpc.aio.Channel:
        if self.credentials is None:
            return grpc.aio.insecure_channel(self.address, options=channel_options())
        return grpc.aio.secure_channel(self.address, self.credentials, options=channel_options())
