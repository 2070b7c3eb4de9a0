# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ends calls with the status of an error."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc
from grpc_status import rpc_status

from longtake_server.rpc.status import status_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Coroutine

    Context = grpc.aio.ServicerContext[Any, Any]

_log = logging.getLogger("longtake_server.access")


async def abort(context: Context, error: Exception) -> None:
    """End the running call. Raises AbortError."""
    status = rpc_status.to_status(status_of(error))
    await context.abort(status.code, status.details, status.trailing_metadata)


class Endings:
    """Ends calls from outside their tasks."""

    def __init__(self) -> None:
        self._running: set[asyncio.Future[None]] = set()

    def end(self, context: Context, error: Exception, task: asyncio.Task[Any] | None) -> None:
        """Send the status of a call, and cancel the call's task."""
        self._begin(_end(context, error, task))

    def close(self, source: AsyncGenerator[Any]) -> None:
        """Close the stream of messages of a call."""
        self._begin(source.aclose())

    def _begin(self, ending: Coroutine[Any, Any, None]) -> None:
        running = asyncio.ensure_future(ending)
        self._running.add(running)
        running.add_done_callback(self._ended)

    def _ended(self, ending: asyncio.Future[None]) -> None:
        self._running.discard(ending)
        if not ending.cancelled() and (error := ending.exception()) is not None:
            _log.error("a call did not end cleanly", exc_info=error)


async def _end(context: Context, error: Exception, task: asyncio.Task[Any] | None) -> None:
    aborting = asyncio.ensure_future(abort(context, error))
    if task is not None:
        task.cancel()
    # abort raises on success too, and when the client has disconnected.
    with suppress(grpc.aio.BaseError):
        await aborting
