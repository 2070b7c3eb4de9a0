# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Posts to a checked target, over a connection of its own to one of the checked addresses.

httpcore is used without httpx: it follows no redirect, reads no variable for proxies, keeps no
cookies and decodes nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpcore
import httpx

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping

    from longtake_server.webhooks.target import Address, Target

_CONNECT_SECONDS = 5.0
_MOST_ADDRESSES = 4
# A short answer is read, so that its receiver can end in peace. Nothing is kept of it.
_MOST_READ_BYTES = 16 << 10
_READ_SECONDS = 1.0


class PostFailed(Exception):
    """There was no answer. The subclass says why."""


class Unreachable(PostFailed):
    """No connection could be made."""


class TlsFailed(PostFailed):
    """The certificate is not valid for the host, or TLS failed otherwise."""


class BrokenAnswer(PostFailed):
    """The answer is not HTTP, or the connection broke before it came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is kept of an answer.

    Attributes:
        status: The status of HTTP.
        retry_after: The value of the header Retry-After, empty without one.
    """

    status: int
    retry_after: str


class Poster:
    """Sends requests. Each has a connection of its own, so none goes where another was checked.

    Args:
        tls: Returns the trusted authorities; called in a thread, once. SSL_CERT_FILE names
            others than those of certifi.

    """

    def __init__(self, tls: Callable[[], ssl.SSLContext] = httpx.create_ssl_context) -> None:
        self._make_tls = tls
        self._tls: ssl.SSLContext | None = None

    async def post(self, target: Target, headers: Mapping[str, str], body: bytes) -> Answer:
        """Post a body and return the answer. The caller sets a deadline.

        Args:
            target: Where to. Its name is in the request and must be in the certificate.
            headers: Headers besides Host, Content-Length and Connection.
            body: The body.

        Raises:
            PostFailed: There was no answer.
            TimeoutError: TLS takes too long.

        """
        if self._tls is None:
            self._tls = await asyncio.to_thread(self._make_tls)
        network = _CheckedAddresses(target.addresses)
        url = httpcore.URL(
            scheme=target.scheme.encode(),
            host=target.host.encode(),
            port=target.port,
            target=target.path.encode(),
        )
        sent = {"host": _host(target), "connection": "close", **headers}
        pool = httpcore.AsyncConnectionPool(
            self._tls, max_connections=1, max_keepalive_connections=0, network_backend=network
        )
        timeouts = {"timeout": {"connect": _CONNECT_SECONDS}}
        try:
            async with (
                pool,
                pool.stream(
                    "POST", url, headers=list(sent.items()), content=body, extensions=timeouts
                ) as answer,
            ):
                await _read_a_little(answer)
                return Answer(answer.status, _retry_after(answer))
        except httpcore.ConnectTimeout:
            raise (TimeoutError if network.is_connected else Unreachable) from None
        except httpcore.ConnectError:
            raise (TlsFailed if network.is_connected else Unreachable) from None
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
            raise BrokenAnswer from None


class _CheckedAddresses(httpcore.AsyncNetworkBackend):
    """Connects to checked addresses, whatever the name of the host resolves to by now."""

    def __init__(self, addresses: tuple[Address, ...]) -> None:
        self._addresses = addresses[:_MOST_ADDRESSES]
        self._network = httpcore.AnyIOBackend()
        self.is_connected = False

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that accepts. Raises httpcore's errors."""
        fault: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._addresses:
            try:
                stream = await self._network.connect_tcp(
                    str(address), port, timeout, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                fault = error
            else:
                self.is_connected = True
                return stream
        raise fault


def _host(target: Target) -> str:
    host = f"[{target.host}]" if ":" in target.host else target.host
    is_default = target.port == {"https": 443, "http": 80}[target.scheme]
    return host if is_default else f"{host}:{target.port}"


async def _read_a_little(answer: httpcore.Response) -> None:
    """Read the body up to a bound. The status is already known: faults here change nothing."""
    left = _MOST_READ_BYTES
    with suppress(httpcore.NetworkError, httpcore.ProtocolError, TimeoutError):
        async with asyncio.timeout(_READ_SECONDS):
            async for part in answer.aiter_stream():
                left -= len(part)
                if left <= 0:
                    return


def _retry_after(answer: httpcore.Response) -> str:
    named = (value for name, value in answer.headers if name.lower() == b"retry-after")
    return next(named, b"").decode("ascii", "replace")
