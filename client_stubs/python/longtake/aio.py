# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The asynchronous client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake._aio_connection import AsyncConnection
from longtake._aio_models import AsyncModels
from longtake._aio_operations import AsyncOperations
from longtake._backoff import RetryPolicy
from longtake._channel import address_of

if TYPE_CHECKING:
    from typing import Self

    import grpc


class AsyncClient:
    """Calls a Longtake server from an event loop. Every client has one as `client.aio`.

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
        self._connection = AsyncConnection(
            self.address, credentials, timeout, retry or RetryPolicy()
        )
        self.operations = AsyncOperations(self._connection)
        self.models = AsyncModels(self._connection, self.operations)

    async def close(self) -> None:
        """Close the connection and end what uses it."""
        await self._connection.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
