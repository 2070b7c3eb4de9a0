# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.caller`: who makes the calls."""

from __future__ import annotations

from longtake._accounting import caller_of
from longtake._async.connection import AsyncConnection
from longtake.types import Caller
from longtake.v1 import video_service_pb2 as api


class AsyncCallers:
    """Tells who makes the calls.

    Every method raises LongtakeError if the server refuses the call or cannot be reached,
    and ClientClosed after the client was closed.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def get(self) -> Caller:
        """Return the principal of this client, its roles, and its budgets with what is left."""
        request = api.GetCallerRequest()
        return caller_of(await self._connection.call(self._connection.stub.GetCaller, request))
