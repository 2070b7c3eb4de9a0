# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns pushed names into polls, one at a time, and drops duplicate messages."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import TYPE_CHECKING

from longtake_server.errors import StorageUnavailable
from longtake_server.push.faults import NoRoom

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

_log = logging.getLogger(__name__)


class Hints:
    """A bounded queue of hints. A lost hint does no harm, because polling goes on.

    Args:
        hint: Makes the poll of an operation due, by its upstream's name, and returns
            whether there is such an operation.
        most_waiting: The largest number of messages in the queue.
        most_remembered: The number of message ids kept to detect duplicates.

    """

    def __init__(
        self,
        hint: Callable[[str], Awaitable[bool]],
        *,
        most_waiting: int = 1024,
        most_remembered: int = 8192,
    ) -> None:
        self._hint = hint
        self._waiting: asyncio.Queue[Sequence[str]] = asyncio.Queue(most_waiting)
        self._most_remembered = most_remembered
        self._remembered: OrderedDict[str, None] = OrderedDict()
        self._draining = False

    def put(self, message_id: str, names: Sequence[str]) -> None:
        """Queue the possible names of a message, unless it is a duplicate.

        Raises:
            NoRoom: The queue is full, or the server is shutting down.

        """
        if self._draining:
            raise NoRoom("the server is shutting down")
        if message_id in self._remembered:
            self._remembered.move_to_end(message_id)
            return
        try:
            self._waiting.put_nowait(names)
        except asyncio.QueueFull:
            raise NoRoom("the queue of hints is full") from None
        self._remembered[message_id] = None
        if len(self._remembered) > self._most_remembered:
            self._remembered.popitem(last=False)

    def drain(self) -> None:
        """Refuse further messages."""
        self._draining = True

    async def run(self) -> None:
        """Follow the queued messages until cancelled."""
        while True:
            for name in await self._waiting.get():
                try:
                    if await self._hint(name):
                        _log.info("a push made a poll due", extra={"upstream_operation": name})
                except StorageUnavailable as error:
                    _log.error("cannot follow a push", extra={"cause": str(error)})
                except Exception:  # noqa: BLE001 - one failed hint must not stop the others
                    _log.exception("cannot follow a push")
