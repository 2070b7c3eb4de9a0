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
from uvicorn.protocols.http.h11_impl import H11Protocol

from longtake_server.configuration.addresses import split_address
from longtake_server.listening import cannot_listen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ssl import SSLContext, SSLObject

    from starlette.types import ASGIApp

_log = logging.getLogger(__name__)

_BACKLOG = 128
# Longer than pollers pause. A connection that is closed as they send is an error to them.
_KEEP_ALIVE_SECONDS = 75
_HEAD_SECONDS = 30.0
_GRACE_SECONDS = 2.0


class HttpListener:
    """Serves an application.

    Args:
        application: The application.
        setting: The variable that sets the address, for errors.
        most_connections: The most connections; further requests get 503.
        grace_seconds: How long requests under way may take when it stops.
        tls: For TLS, None for plaintext.

    The state of each request has `abort`, which ends its connection at once, and
    `client_certificate`, the certificate that its client has presented, as SSLSocket.getpeercert
    returns it; empty if it has presented none.

    """

    def __init__(
        self,
        application: ASGIApp,
        setting: str,
        most_connections: int,
        *,
        grace_seconds: float = _GRACE_SECONDS,
        tls: SSLContext | None = None,
    ) -> None:
        self._server = _Uvicorn(application, most_connections, grace_seconds, tls)
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


class _Connection(H11Protocol):
    """Lets a request end its connection, and ends those that send no whole head in time."""

    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        tls: SSLObject | None = transport.get_extra_info("ssl_object")
        self.app_state = {
            **self.app_state,
            "abort": transport.abort,
            "client_certificate": (None if tls is None else tls.getpeercert()) or {},
        }
        self._waiting = self.loop.call_later(_HEAD_SECONDS, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take what has arrived, and wait no longer once it is the head of a request."""
        super().data_received(data)
        if self.cycle is not None:
            self._wait_no_longer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._wait_no_longer()
        super().connection_lost(exc)

    def _wait_no_longer(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the process, and signals when it has started."""

    def __init__(
        self,
        application: ASGIApp,
        most_connections: int,
        grace_seconds: float,
        tls: SSLContext | None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                # A header that names another peer could come from anyone.
                proxy_headers=False,
                http=_Connection,
                ssl_context_factory=None if tls is None else lambda *_: tls,
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
