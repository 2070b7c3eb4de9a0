# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A blocking connection to the server."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import grpc

from longtake._channel import channel_options
from longtake._status import error_of_call
from longtake.v1.video_service_pb2_grpc import VideoServiceStub

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake._backoff import RetryPolicy

Request = TypeVar("Request")
Response = TypeVar("Response")


def open_channel(address: str, credentials: grpc.ChannelCredentials | None) -> grpc.Channel:
    """Return a channel, which connects when it is first used."""
    if credentials is None:
        return grpc.insecure_channel(address, options=channel_options())
    return grpc.secure_channel(address, credentials, options=channel_options())


@dataclass(frozen=True, slots=True)
class Connection:
    """What the parts of a client share.

    Attributes:
        channel: The channel.
        timeout: The deadline of a unary call in seconds.
        policy: How streams are resumed.
        sleep: Waits for so many seconds.
    """

    channel: grpc.Channel
    timeout: float
    policy: RetryPolicy
    sleep: Callable[[float], None] = time.sleep
    stub: VideoServiceStub = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "stub", VideoServiceStub(self.channel))

    def call(
        self, method: grpc.UnaryUnaryMultiCallable[Request, Response], request: Request
    ) -> Response:
        """Call a unary method.

        Raises:
            LongtakeError: It failed.

        """
        try:
            return method(request, timeout=self.timeout)
        except grpc.RpcError as error:
            raise error_of_call(error) from error
