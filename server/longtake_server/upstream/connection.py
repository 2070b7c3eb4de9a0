# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The connection pool of an adapter, for its calls and its reads."""

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
    """A connection pool and the credentials that it uses. Both are closed together.

    Attributes:
        client: The pool.
        exchange: Makes calls with JSON.
        storage: Reads gs:// objects.
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
        """Create the pool; nothing is sent yet.

        Args:
            config: Limits, and the base URL for gs:// objects.
            upstream: The upstream's name, for errors.
            endpoint: Returns the base URL before each call.
            tokens: Source of the credentials.
            clock: For Retry-After dates.
            tracer_provider: Receives a span for each call. None: no spans.

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
        """Close the connections and cancel a token refresh under way."""
        try:
            await self.client.aclose()
        finally:
            await self._tokens.aclose()
