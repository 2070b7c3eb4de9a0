# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP server for pushes, on its own port in the server's event loop."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.http_listener import HttpListener
from longtake_server.identity.key_set import KeySet, at
from longtake_server.push.hints import Hints
from longtake_server.push.pubsub import GOOGLE_CERTIFICATES, PubsubTokens
from longtake_server.push.receiver import create_application
from longtake_server.push.signatures import DynamicSignatures, StaticSignatures, WebhookVerifier

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from longtake_server.clock import Clock

_log = logging.getLogger(__name__)

_MOST_CONNECTIONS = 256


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
        self._listener = HttpListener(
            create_application(self._hints, webhooks, self._pubsub),
            "LONGTAKE_PUSH_LISTEN",
            _MOST_CONNECTIONS,
        )
        self._hinting: asyncio.Task[None] | None = None

    def bind(self, address: str) -> str:
        """Bind to `host:port` and return it with the actual port.

        Raises:
            StartFailure: The address is in use, or is not an address of this machine.

        """
        return self._listener.bind(address)

    async def start(self) -> None:
        """Start to accept pushes. Call `bind` first."""
        self._hinting = asyncio.create_task(self._hints.run(), name="push-hints")
        self._hinting.add_done_callback(_log_failure)
        await self._listener.start()

    async def stop(self) -> None:
        """Refuse new pushes, wait up to two seconds for running ones, and release everything.

        Queued hints are lost; regular polls find the changes. Idempotent.
        """
        self._hints.drain()
        await self._listener.stop()
        if self._hinting is not None:
            self._hinting.cancel()
            await asyncio.wait([self._hinting])
        if self._keys is not None:
            await self._keys.aclose()
        if self._pubsub is not None:
            self._pubsub.close()


def _webhooks(config: PushConfig, keys: KeySet | None, clock: Clock) -> WebhookVerifier | None:
    static = None if config.webhook_secret is None else StaticSignatures(config.webhook_secret)
    dynamic = None if keys is None else DynamicSignatures(keys, config.audience, clock)
    return WebhookVerifier(static, dynamic, clock) if static or dynamic else None


def _pubsub(config: PushConfig, clock: Clock) -> PubsubTokens | None:
    if config.pubsub is None:
        return None
    audience, email = config.pubsub
    return PubsubTokens(audience, email, clock, config.pubsub_certificates)


def _log_failure(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("pushes are no longer received", exc_info=error)
