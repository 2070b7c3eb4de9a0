# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
# Generated from _async/client.py by `make sync`. Do not edit.
"""A client and its parts."""

from __future__ import annotations

from typing import Self

import grpc

from longtake._backoff import RetryPolicy
from longtake._channel import address_of
from longtake._durations import Seconds, call_timeout
from longtake._process_bound import UnpicklableClient
from longtake._sync.connection import Connection
from longtake._sync.models import Models
from longtake._sync.operations import Operations
from longtake._sync.transport import Transport


class BlockingClient(UnpicklableClient):
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
        self._transport = Transport(self.address, credentials)
        connection = Connection(self._transport, call_timeout(timeout), retry or RetryPolicy())
        self.operations = Operations(connection)
        self.models = Models(connection, self.operations)

    def close(self) -> None:
        """Close the connection. Calls under way and later calls raise `errors.ClientClosed`."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
