# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.usage`: what was generated, and what it cost."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import date

from longtake._accounting import usage_of, usage_request
from longtake._async.connection import AsyncConnection
from longtake.types import Usage


class AsyncUsages:
    """Tells what was generated, and what it cost.

    Every method raises LongtakeError if the server refuses the call or cannot be reached,
    and ClientClosed after the client was closed.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list(
        self,
        group_by: Sequence[str] = (),
        *,
        since: date | None = None,
        until: date | None = None,
        principal: str | None = None,
    ) -> AsyncGenerator[Usage]:
        """Yield counts and costs, ordered by day, model, principal and label.

        Args:
            group_by: Any of 'day', 'model', 'principal' and 'label:KEY', where KEY is the key
                of one label. Default: nothing, which yields one sum.
            since: The first day of acceptance, in UTC. Default: the first that is known.
            until: The last day of acceptance, in UTC. Default: today.
            principal: The id of the principal whose usage it is. Default: this client's own,
                or that of all principals for an administrator.

        Raises:
            ValueError: An argument is wrong.

        """
        request = usage_request(group_by, since, until, principal)
        while True:
            page = await self._connection.call(self._connection.stub.GetUsage, request)
            for message in page.usage:
                yield usage_of(message)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token
