# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
# Generated from _async/connection.py by `make sync`. Do not edit.
"""What the parts of a client share: calls with deadlines and the client's errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from longtake._backoff import STREAM_SECONDS, TokenRefused
from longtake._http_options import CallOptions
from longtake.errors import Unauthenticated

if TYPE_CHECKING:
    from collections.abc import Generator

    from longtake._backoff import RetryPolicy
    from longtake._sync.credentials import Credentials
    from longtake._sync.transport import (
        Transport,
        UnaryStreamMultiCallable,
        UnaryUnaryMultiCallable,
    )
    from longtake.v1.video_service_pb2_grpc import VideoServiceStub
    from longtake.v1.webhook_service_pb2_grpc import WebhookServiceStub

Request = TypeVar("Request")
Response = TypeVar("Response")

_NO_OPTIONS = CallOptions()


@dataclass(frozen=True, slots=True)
class Connection:
    """Calls one server.

    Attributes:
        transport: The channel.
        credentials: What the calls prove themselves with.
        timeout: The deadline of a unary call in seconds.
        policy: How broken streams are resumed.
    """

    transport: Transport
    credentials: Credentials
    timeout: float
    policy: RetryPolicy

    @property
    def stub(self) -> VideoServiceStub:
        """The methods of the server.

        Raises:
            ClientClosed: The client was closed.

        """
        return self.transport.stub

    @property
    def webhooks(self) -> WebhookServiceStub:
        """The methods of the server for webhooks.

        Raises:
            ClientClosed: The client was closed.

        """
        return self.transport.webhooks

    def call(
        self,
        method: UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        options: CallOptions = _NO_OPTIONS,
    ) -> Response:
        """Call a unary method, and repeat the call once if a new token may be accepted.

        Args:
            method: The method.
            request: Its request.
            options: What this call has of its own.

        Raises:
            ClientClosed: The client was closed.
            LongtakeError: The call failed.

        """
        try:
            return self._call_once(method, request, options)
        except Unauthenticated as refusal:
            # The server refuses before it does anything, so that every method can be repeated.
            self.credentials.check_renewable(refusal)
        return self._call_once(method, request, options)

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
            TokenRefused: The token was refused, and another one may be accepted.
            LongtakeError: The stream broke.

        """
        credential = self.credentials.current(self.timeout)
        try:
            with self.transport.errors():
                call = method(request, timeout=timeout, metadata=credential.metadata)
                try:
                    for message in call:
                        yield message
                finally:
                    call.cancel()
        except Unauthenticated as refusal:
            self.credentials.refused(credential)
            self.credentials.check_renewable(refusal)
            raise TokenRefused(refusal) from refusal

    def _call_once(
        self,
        method: UnaryUnaryMultiCallable[Request, Response],
        request: Request,
        options: CallOptions,
    ) -> Response:
        credential = self.credentials.current(self.timeout)
        try:
            with self.transport.errors():
                return method(
                    request,
                    timeout=options.timeout or self.timeout,
                    metadata=(*credential.metadata, *options.metadata),
                )
        except Unauthenticated:
            self.credentials.refused(credential)
            raise

    def sleep(self, seconds: float) -> None:
        """Wait before a stream is resumed; closing the client ends the wait."""
        self.transport.sleep(seconds)
