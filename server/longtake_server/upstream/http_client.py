# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP client of an upstream, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from opentelemetry.trace import TracerProvider


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpConfig:
    """Limits of the calls to an upstream.

    Attributes:
        storage_base_url: Base URL for gs:// objects. None: the base URL of the calls.
        connect_seconds: Limit for making a connection, and for waiting for a free one.
        write_seconds: The longest silence while a request is written.
        read_seconds: The longest silence while an answer is read.
        call_seconds: Limit for a whole submission or poll.
        max_body_bytes: The largest JSON that is accepted, without the inline media in it.
        max_answer_bytes: The largest answer that is accepted, with the inline media in it.
        max_connections: The largest number of open connections.
        idle_seconds: How long an unused connection is kept. Many servers close one
            after five seconds; this is shorter, because a request that meets a closing
            connection has an unknown outcome.
        http2: Whether to offer HTTP/2 over TLS. Off by default: httpx limits a stream
            of HTTP/2 to a window of 64 KiB, which slows down inline videos.
        environment_proxy: Whether to use HTTPS_PROXY and the other proxy variables.
    """

    storage_base_url: str | None = "https://storage.googleapis.com"
    connect_seconds: float = 10.0
    write_seconds: float = 60.0
    read_seconds: float = 60.0
    call_seconds: float = 300.0
    max_body_bytes: int = 16 << 20
    max_answer_bytes: int = 4 << 30
    max_connections: int = 256
    idle_seconds: float = 4.0
    http2: bool = False
    environment_proxy: bool = True


def http_client(config: HttpConfig, tracer_provider: TracerProvider | None) -> httpx.AsyncClient:
    """Return a client that does not follow redirects.

    Args:
        config: The limits.
        tracer_provider: Receives a span for each call. None: no spans.

    """
    client = httpx.AsyncClient(
        http2=config.http2,
        follow_redirects=False,
        trust_env=config.environment_proxy,
        timeout=httpx.Timeout(
            connect=config.connect_seconds,
            pool=config.connect_seconds,
            write=config.write_seconds,
            read=config.read_seconds,
        ),
        limits=httpx.Limits(
            max_connections=config.max_connections, keepalive_expiry=config.idle_seconds
        ),
        headers={
            "user-agent": f"longtake-server/{version('longtake-server')}",
            # Videos are already compressed, so gzip would cost more time than it saves.
            "accept-encoding": "identity",
        },
    )
    if tracer_provider is not None:
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=tracer_provider)
    return client


def fixed_endpoint(base_url: str) -> Callable[[], Awaitable[str]]:
    """Return an endpoint that always returns this address."""
    address = base_url.rstrip("/")

    async def endpoint() -> str:
        return address

    return endpoint
