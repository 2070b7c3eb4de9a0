# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP server for pushes, on its own port in the server's event loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import uvicorn

from longtake_server.configuration.addresses import split_address
from longtake_server.identity.key_set import KeySet, at
from longtake_server.listening import cannot_listen
from longtake_server.push.hints import Hints
from longtake_server.push.pubsub import GOOGLE_CERTIFICATES, PubsubTokens
from longtake_server.push.receiver import create_application
from longtake_server.push.signatures import DynamicSignatures, StaticSignatures, WebhookVerifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.applications import Starlette

    from longtake_server.clock import Clock

_log = logging.getLogger(__name__)

_BACKLOG = 128
_MOST_CONNECTIONS = 256
_KEEP_ALIVE_SECONDS = 30
_GRACE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class PushConfig:
    """How pushes are authenticated. None refuses that kind.

    Attributes:
        webhook_secret: The signing secret of static webhooks.
        jwks_url: The URL of the keys of dynamic webhooks.
        audience: The audience of their tokens; None accepts any.
        pubsub: The audience and the service account of the Pub/Sub subscription.
        pubsub_certificates: The URL of the public keys of its tokens.
    """

    webhook_secret: str | None = None
    jwks_url: str | None = None
    audience: str | None = None
    pubsub: tuple[str, str] | None = None
    pubsub_certificates: str = GOOGLE_CERTIFICATES


class PushServer:
    """Receives pushes and makes polls due.

    Args:
        config: How pushes are authenticated.
        hint: Makes the poll of an operation due, by its upstream's name, and returns
            whether there is such an operation.
        clock: Time.

    """

    def __init__(
        self, config: PushConfig, hint: Callable[[str], Awaitable[bool]], clock: Clock
    ) -> None:
        self._hints = Hints(hint)
        self._keys = (
            None if config.jwks_url is None else KeySet(at(config.jwks_url), clock, "webhooks")
        )
        self._pubsub = _pubsub(config, clock)
        webhooks = _webhooks(config, self._keys, clock)
        self._server = _Uvicorn(create_application(self._hints, webhooks, self._pubsub))
        self._listening: list[socket.socket] = []
        self._tasks: list[asyncio.Task[None]] = []

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
            raise cannot_listen(address, "LONGTAKE_PUSH_LISTEN", error) from error
        self._listening.append(listening)
        return f"{address.rpartition(':')[0]}:{listening.getsockname()[1]}"

    async def start(self) -> None:
        """Start to accept pushes. Call `bind` first."""
        for run, name in (
            (self._hints.run(), "push-hints"),
            (self._server.serve(self._listening), "push-server"),
        ):
            task = asyncio.create_task(run, name=name)
            task.add_done_callback(_log_failure)
            self._tasks.append(task)
        await self._server.tried.wait()
        if not self._server.started:
            await self._tasks[-1]

    async def stop(self) -> None:
        """Refuse new pushes, wait up to two seconds for running ones, and release everything.

        Queued hints are lost; regular polls find the changes. Idempotent.
        """
        self._hints.drain()
        self._server.should_exit = True
        if self._tasks:
            hinting, serving = self._tasks
            await asyncio.wait([serving])
            hinting.cancel()
            await asyncio.wait([hinting])
        if self._keys is not None:
            await self._keys.aclose()
        if self._pubsub is not None:
            self._pubsub.close()
        for listening in self._listening:
            listening.close()


def _webhooks(config: PushConfig, keys: KeySet | None, clock: Clock) -> WebhookVerifier | None:
    static = None if config.webhook_secret is None else StaticSignatures(config.webhook_secret)
    dynamic = None if keys is None else DynamicSignatures(keys, config.audience, clock)
    return WebhookVerifier(static, dynamic, clock) if static or dynamic else None


def _pubsub(config: PushConfig, clock: Clock) -> PubsubTokens | None:
    if config.pubsub is None:
        return None
    audience, email = config.pubsub
    return PubsubTokens(audience, email, clock, config.pubsub_certificates)


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the process, and signals when it has started."""

    def __init__(self, application: Starlette) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                log_config=None,
                log_level="warning",
                access_log=False,
                server_header=False,
                lifespan="off",
                ws="none",
                limit_concurrency=_MOST_CONNECTIONS,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=_GRACE_SECONDS,
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


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("pushes are no longer received", exc_info=error)
