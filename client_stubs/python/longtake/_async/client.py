# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A client and its parts."""

from __future__ import annotations

from typing import Self

import grpc

from longtake._async.connection import AsyncConnection
from longtake._async.models import AsyncModels
from longtake._async.operations import AsyncOperations
from longtake._async.transport import AsyncTransport
from longtake._backoff import RetryPolicy
from longtake._channel import address_of
from longtake._durations import Seconds, call_timeout
from longtake._process_bound import UnpicklableClient


class AsyncClient(UnpicklableClient):
    """Calls a Longtake server.

    After `close`, every call raises `errors.ClientClosed`. A client cannot be pickled; create
    one in each process.

    Args:
        address: `host:port`. Default: LONGTAKE_ADDRESS, else `localhost:50051`.
        credentials: For TLS. Default: plaintext.
        timeout: The deadline of each call, in seconds or as a timedelta. Watches, waits
            and downloads have no deadline of this kind. Default: 30 seconds.
        retry: How broken watches and downloads are resumed.

    Attributes:
        models: Starts generations and describes the models.
        operations: Gets, watches, lists, cancels and deletes generations.
        address: The address that the client connects to.

    Raises:
        ValueError: `timeout` is not a positive length of time.

    """

    def __init__(
        self,
        address: str | None = None,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: Seconds = 30.0,
        retry: RetryPolicy | None = None,
    ) -> None:
        self.address = address_of(address)
        self._transport = AsyncTransport(self.address, credentials)
        connection = AsyncConnection(self._transport, call_timeout(timeout), retry or RetryPolicy())
        self.operations = AsyncOperations(connection)
        self.models = AsyncModels(connection, self.operations)

    async def close(self) -> None:
        """Close the connection. Calls under way and later calls raise `errors.ClientClosed`."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
