# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""gRPC, waiting and file work on an event loop: what cannot be generated for both halves."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import grpc
import grpc.aio
from grpc.aio import UnaryStreamMultiCallable, UnaryUnaryMultiCallable

from longtake._channel import channel_options
from longtake._status import error_of_call
from longtake.errors import ClientClosed
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake._access import Access
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub
    from longtake.v1.webhook_service_pb2_grpc import WebhookServiceAsyncStub

__all__ = [
    "AsyncTransport",
    "UnaryStreamMultiCallable",
    "UnaryUnaryMultiCallable",
    "finish_in_thread",
    "run_in_thread",
]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class AsyncTransport:
    """The channel to a server.

    A channel belongs to the event loop that it is opened on. It is opened by the
    first call, and again by the first call on another loop.
    """

    def __init__(self, access: Access) -> None:
        self._access = access
        self._closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending = asyncio.Event()
        self._channel: grpc.aio.Channel | None = None

    @property
    def stub(self) -> VideoServiceAsyncStub:
        """The stub on the running loop.

        Raises:
            ClientClosed: The client was closed.

        """
        self._open_on_this_loop()
        return self._stub

    @property
    def webhooks(self) -> WebhookServiceAsyncStub:
        """The stub for webhooks on the running loop.

        Raises:
            ClientClosed: The client was closed.

        """
        self._open_on_this_loop()
        return self._webhooks

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn gRPC's errors into the client's.

        Raises:
            ClientClosed: The client was closed before or during the call.
            LongtakeError: The call failed.

        """
        try:
            yield
        except asyncio.CancelledError as error:
            # Closing a channel cancels its calls, which looks like a cancelled task.
            task = asyncio.current_task()
            if self._closed and (task is None or not task.cancelling()):
                raise ClientClosed from error
            raise
        except grpc.aio.AioRpcError as error:
            raise (ClientClosed() if self._closed else error_of_call(error)) from error
        except grpc.aio.UsageError as error:
            if self._closed:
                raise ClientClosed from error
            raise

    async def sleep(self, seconds: float) -> None:
        """Wait for `seconds`, or until the client is closed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ending.wait()

    async def close(self) -> None:
        """End all calls and refuse further ones."""
        self._closed = True
        self._ending.set()
        channel, self._channel = self._channel, None
        if channel is not None:
            await channel.close()

    def _open_on_this_loop(self) -> None:
        """Open the channel, and its stubs, unless it is open on the running loop."""
        if self._closed:
            raise ClientClosed
        loop = asyncio.get_running_loop()
        if self._channel is None or self._loop is not loop:
            self._loop = loop
            self._ending = asyncio.Event()
            self._channel = self._open()
            self._stub: VideoServiceAsyncStub = VideoServiceStub(self._channel)
            self._webhooks: WebhookServiceAsyncStub = WebhookServiceStub(self._channel)

    def _open(self) -> grpc.aio.Channel:
        address, options = self._access.address, channel_options(self._access.address)
        if self._access.tls is None:
            return grpc.aio.insecure_channel(address.target, options=options)
        return grpc.aio.secure_channel(address.target, self._access.tls, options=options)


async def run_in_thread(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a function that blocks, off the event loop."""
    return await asyncio.to_thread(function, *args, **kwargs)


async def finish_in_thread(function: Callable[[], None]) -> None:
    """Run a function that blocks to its end, even if the task is cancelled meanwhile."""
    await asyncio.shield(asyncio.to_thread(function))
