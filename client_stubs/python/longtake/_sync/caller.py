# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
# Generated from _async/caller.py by `make sync`. Do not edit.
"""`client.caller`: who makes the calls."""

from __future__ import annotations

from longtake._accounting import caller_of
from longtake._sync.connection import Connection
from longtake.types import Caller
from longtake.v1 import video_service_pb2 as api


class Callers:
    """Tells who makes the calls.

    Every method raises LongtakeError if the server refuses the call or cannot be reached,
    and ClientClosed after the client was closed.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Caller:
        """Return the principal of this client, its roles, and its budgets with what is left."""
        request = api.GetCallerRequest()
        return caller_of(self._connection.call(self._connection.stub.GetCaller, request))
