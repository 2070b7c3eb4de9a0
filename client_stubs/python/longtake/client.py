# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake._backoff import RetryPolicy
from longtake._channel import address_of
from longtake._connection import Connection, open_channel
from longtake._models import Models
from longtake._operations import Operations
from longtake.aio import AsyncClient

if TYPE_CHECKING:
    from typing import Self

    import grpc


class Client:
    """Calls a Longtake server. May be shared by threads.

    Args:
        address: `host:port`. Default: LONGTAKE_ADDRESS, else `localhost:50051`.
        credentials: For TLS. Default: plaintext.
        timeout: The deadline of each call in seconds. Default: 30. Watches, waits and
            downloads are not limited by it.
        retry: How watches and downloads that break are resumed.

    Attributes:
        models: Starts generations and tells what models there are.
        operations: Asks for, watches, lists and ends generations.
        address: What the client connects to.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: float = 30.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.address = address_of(address)
        policy = retry or RetryPolicy()
        self._channel = open_channel(self.address, credentials)
        connection = Connection(self._channel, timeout, policy)
        self.operations = Operations(connection)
        self.models = Models(connection, self.operations)
        self.aio = AsyncClient(self.address, credentials=credentials, timeout=timeout, retry=policy)

    def close(self) -> None:
        """Close the connection and end what uses it. `aio` is closed by itself."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
