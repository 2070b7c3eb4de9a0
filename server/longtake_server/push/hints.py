# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns pushed names into polls, one after the other, and forgets what was pushed twice."""

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
    """A bounded queue of hints. A hint that is lost costs nothing: polls go on.

    Args:
        hint: Polls the operation of an upstream's name now; says whether there is one.
        most_waiting: Messages that wait to be looked at.
        most_remembered: Ids by which a message is known when it comes again.

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
        """Take the possible names of a message, unless it was taken before.

        Raises:
            NoRoom: Too many wait, or the server drains; the message is not taken.

        """
        if self._draining:
            raise NoRoom("the server is shutting down")
        if message_id in self._remembered:
            self._remembered.move_to_end(message_id)
            return
        try:
            self._waiting.put_nowait(names)
        except asyncio.QueueFull:
            raise NoRoom("too many hints wait") from None
        self._remembered[message_id] = None
        if len(self._remembered) > self._most_remembered:
            self._remembered.popitem(last=False)

    def drain(self) -> None:
        """Take no more."""
        self._draining = True

    async def run(self) -> None:
        """Look at each message, until cancelled."""
        while True:
            for name in await self._waiting.get():
                try:
                    if await self._hint(name):
                        _log.info("a push made a poll due", extra={"upstream_operation": name})
                except StorageUnavailable as error:
                    _log.error("a push was not followed", extra={"cause": str(error)})
                except Exception:  # noqa: BLE001 - one hint's defect must not stop the others'
                    _log.exception("a push was not followed")
