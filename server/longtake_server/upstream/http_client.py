# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The pool of connections to an upstream, and what it may take."""

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
    """How long and how much to take of an upstream.

    Attributes:
        storage_base_url: Where gs:// objects are read from. None: from where the
            calls go.
        connect_seconds: How long a connection may take, and a free place for one.
        write_seconds: The longest silence while a request is written.
        read_seconds: The longest silence while an answer is read.
        call_seconds: How long a submission or a poll may take in all.
        max_body_bytes: The largest answer that is taken.
        max_connections: Connections at the same time.
        idle_seconds: How long an unused connection is kept. Shorter than the five
            seconds after which many servers close one, as a request that meets
            a closing connection has an unknown outcome.
        http2: Whether HTTP/2 is offered over TLS. Off by default: httpx gives a
            stream of HTTP/2 a window of 64 KiB, which slows down inline videos.
        environment_proxy: Whether HTTPS_PROXY and its like are obeyed.
    """

    storage_base_url: str | None = "https://storage.googleapis.com"
    connect_seconds: float = 10.0
    write_seconds: float = 60.0
    read_seconds: float = 60.0
    call_seconds: float = 300.0
    max_body_bytes: int = 256 << 20
    max_connections: int = 256
    idle_seconds: float = 4.0
    http2: bool = False
    environment_proxy: bool = True


def http_client(config: HttpConfig, tracer_provider: TracerProvider | None) -> httpx.AsyncClient:
    """Return a client that follows no redirect by itself.

    Args:
        config: How long and how much.
        tracer_provider: Where a span for each call goes. None: none are made.

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
            # base64 of a compressed video is not worth the time to inflate it.
            "accept-encoding": "identity",
        },
    )
    if tracer_provider is not None:
        from opentelemetry.instrumentation.httpx import HTTPXClientInstrumentor

        HTTPXClientInstrumentor.instrument_client(client, tracer_provider=tracer_provider)
    return client


def fixed_endpoint(base_url: str) -> Callable[[], Awaitable[str]]:
    """Return an endpoint that is always the same address."""
    address = base_url.rstrip("/")

    async def endpoint() -> str:
        return address

    return endpoint
