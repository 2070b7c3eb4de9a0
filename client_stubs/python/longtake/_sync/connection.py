# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
# Generated from _async/connection.py by `make sync`. Do not edit.
"""What the parts of a client share: calls with deadlines and the client's errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from longtake._backoff import STREAM_SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator

    from longtake._backoff import RetryPolicy
    from longtake._sync.transport import (
        Transport,
        UnaryStreamMultiCallable,
        UnaryUnaryMultiCallable,
    )
    from longtake.v1.video_service_pb2_grpc import VideoServiceStub

Request = TypeVar("Request")
Response = TypeVar("Response")


@dataclass(frozen=True, slots=True)
class Connection:
    """Calls one server.

    Attributes:
        transport: The channel.
        timeout: The deadline of a unary call in seconds.
        policy: How broken streams are resumed.
    """

    transport: Transport
    timeout: float
    policy: RetryPolicy

    @property
    def stub(self) -> VideoServiceStub:
        """The methods of the server.

        Raises:
            ClientClosed: The client was closed.

        """
        return self.transport.stub

    def call(
        self, method: UnaryUnaryMultiCallable[Request, Response], request: Request
    ) -> Response:
        """Call a unary method.

        Raises:
            ClientClosed: The client was closed.
            LongtakeError: The call failed.

        """
        with self.transport.errors():
            return method(request, timeout=self.timeout)

    def stream(
        self,
        method: UnaryStreamMultiCallable[Request, Response],
        request: Request,
        timeout: float = STREAM_SECONDS,
    ) -> Generator[Response]:
        """Yield the messages of a stream, and cancel it when the caller leaves.

        Args:
            method: The method.
            request: Its request.
            timeout: Seconds after which the stream ends with DEADLINE_EXCEEDED.

        Raises:
            ClientClosed: The client was closed.
            LongtakeError: The stream broke.

        """
        with self.transport.errors():
            call = method(request, timeout=timeout)
            try:
                for message in call:
                    yield message
            finally:
                call.cancel()

    def sleep(self, seconds: float) -> None:
        """Wait before a stream is resumed; closing the client ends the wait."""
        self.transport.sleep(seconds)
