# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves an HTTP application on a port of its own, in the server's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import socket
from typing import TYPE_CHECKING

import uvicorn

from longtake_server.configuration.addresses import split_address
from longtake_server.listening import cannot_listen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.applications import Starlette

_log = logging.getLogger(__name__)

_BACKLOG = 128
_KEEP_ALIVE_SECONDS = 30
_GRACE_SECONDS = 2.0


class HttpListener:
    """Serves an application.

    Args:
        application: The application.
        setting: The variable that sets the address, for errors.
        most_connections: The most connections; further requests get 503.
        grace_seconds: How long requests under way may take when it stops.

    """

    def __init__(
        self,
        application: Starlette,
        setting: str,
        most_connections: int,
        *,
        grace_seconds: float = _GRACE_SECONDS,
    ) -> None:
        self._server = _Uvicorn(application, most_connections, grace_seconds)
        self._setting = setting
        self._listening: list[socket.socket] = []
        self._serving: asyncio.Task[None] | None = None

    def bind(self, address: str) -> str:
        """Bind to `host:port` and return it with the actual port.

        Raises:
            StartFailure: The address is in use, or is not an address of this machine.

        """
        host, port = split_address(address)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            listening = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        except OSError as error:
            raise cannot_listen(address, self._setting, error) from error
        self._listening.append(listening)
        return f"{address.rpartition(':')[0]}:{listening.getsockname()[1]}"

    async def start(self) -> None:
        """Start to accept requests. Call `bind` first."""
        self._serving = asyncio.create_task(
            self._server.serve(self._listening), name=f"http-{self._setting}"
        )
        self._serving.add_done_callback(self._log_failure)
        await self._server.tried.wait()
        if not self._server.started:
            await self._serving

    async def stop(self) -> None:
        """Refuse new requests and wait up to the grace period for running ones. Idempotent."""
        self._server.should_exit = True
        if self._serving is not None:
            await asyncio.wait([self._serving])
        for listening in self._listening:
            listening.close()

    def _log_failure(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error(
                "the HTTP server has stopped", extra={"setting": self._setting}, exc_info=error
            )


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the process, and signals when it has started."""

    def __init__(self, application: Starlette, most_connections: int, grace_seconds: float) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                limit_concurrency=most_connections,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=math.ceil(grace_seconds),
            )
        )
        self.tried = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Handle no signals: the process stops its parts in order."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and set `tried` when that has succeeded or failed."""
        try:
            await super().startup(sockets)
        finally:
            self.tried.set()
