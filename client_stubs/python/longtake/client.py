# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client."""

from __future__ import annotations

import grpc

from longtake._backoff import RetryPolicy
from longtake._durations import Seconds
from longtake._sync.client import BlockingClient
from longtake.aio import AsyncClient


class Client(BlockingClient):
    """Calls a Longtake server. Threads may share it.

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
        aio: The same calls on an event loop. It has a connection of its own, which
            `await client.aio.close()` closes.

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
        super().__init__(address, credentials=credentials, timeout=timeout, retry=retry)
        self.aio = AsyncClient(self.address, credentials=credentials, timeout=timeout, retry=retry)
