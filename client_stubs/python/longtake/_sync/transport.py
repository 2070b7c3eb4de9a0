# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""gRPC, waiting and file work in blocking code: what cannot be generated for both halves."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import grpc
from grpc import UnaryStreamMultiCallable, UnaryUnaryMultiCallable

from longtake._channel import channel_options
from longtake._status import error_of_call
from longtake.errors import ClientClosed
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake._access import Access

__all__ = [
    "Transport",
    "UnaryStreamMultiCallable",
    "UnaryUnaryMultiCallable",
    "finish_in_thread",
    "run_in_thread",
]

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class Transport:
    """The channel to a server, which connects when it is first used. Threads may share it."""

    def __init__(self, access: Access) -> None:
        self._closed = threading.Event()
        self._channel = _open(access)
        self._stub = VideoServiceStub(self._channel)
        self._webhooks = WebhookServiceStub(self._channel)

    @property
    def stub(self) -> VideoServiceStub:
        """The stub.

        Raises:
            ClientClosed: The client was closed.

        """
        if self._closed.is_set():
            raise ClientClosed
        return self._stub

    @property
    def webhooks(self) -> WebhookServiceStub:
        """The stub for webhooks.

        Raises:
            ClientClosed: The client was closed.

        """
        if self._closed.is_set():
            raise ClientClosed
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
        except grpc.RpcError as error:
            raise (ClientClosed() if self._closed.is_set() else error_of_call(error)) from error
        except ValueError as error:
            # What gRPC raises for a call that begins just after its channel was closed.
            if self._closed.is_set():
                raise ClientClosed from error
            raise

    def sleep(self, seconds: float) -> None:
        """Wait for `seconds`, or until the client is closed."""
        self._closed.wait(seconds)

    def close(self) -> None:
        """End all calls and refuse further ones."""
        self._closed.set()
        self._channel.close()


def run_in_thread(
    function: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs
) -> Result:
    """Run a function in the caller's thread, which may block."""
    return function(*args, **kwargs)


def finish_in_thread(function: Callable[[], None]) -> None:
    """Run a function in the caller's thread, which may block."""
    function()


def _open(access: Access) -> grpc.Channel:
    target, options = access.address.target, channel_options(access.address)
    if access.tls is None:
        return grpc.insecure_channel(target, options=options)
    return grpc.secure_channel(target, access.tls, options=options)
