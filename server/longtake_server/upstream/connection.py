# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The pool of connections that an adapter's calls and reads go over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.upstream.exchange import Exchange
from longtake_server.upstream.google_storage import GoogleStorage
from longtake_server.upstream.http_client import fixed_endpoint, http_client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from opentelemetry.trace import TracerProvider

    from longtake_server.clock import Clock
    from longtake_server.upstream.auth import TokenSource
    from longtake_server.upstream.http_client import HttpConfig


class Connection:
    """One pool, closed with the credentials that are used over it.

    Attributes:
        client: The pool.
        exchange: Calls with JSON.
        storage: Reads of gs:// objects.
    """

    def __init__(
        self,
        config: HttpConfig,
        upstream: str,
        endpoint: Callable[[], Awaitable[str]],
        tokens: TokenSource,
        clock: Clock,
        tracer_provider: TracerProvider | None,
    ) -> None:
        """Make the client; nothing is sent yet.

        Args:
            config: How long and how much, and where gs:// objects are read from.
            upstream: The upstream's name, for errors.
            endpoint: Gives the base URL before each call.
            tokens: Where the credentials come from.
            clock: For Retry-After dates.
            tracer_provider: Where a span for each call goes. None: none are made.

        """
        self._tokens = tokens
        self.client = http_client(config, tracer_provider)
        self.exchange = Exchange(
            self.client,
            endpoint,
            tokens,
            deadline_seconds=config.call_seconds,
            max_body_bytes=config.max_body_bytes,
        )
        address = config.storage_base_url
        storage = fixed_endpoint(address) if address else endpoint
        self.storage = GoogleStorage(self.client, storage, tokens, clock, upstream)

    async def aclose(self) -> None:
        """Close the connections and give up a token refresh under way."""
        try:
            await self.client.aclose()
        finally:
            await self._tokens.aclose()
