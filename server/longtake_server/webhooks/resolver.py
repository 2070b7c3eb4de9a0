# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Looks up the addresses of names, with a deadline and in threads of its own."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ipaddress import IPv4Address, IPv6Address

_LOOKUP_SECONDS = 5.0
# A lookup cannot be cancelled: a name whose servers do not answer holds its thread for long.
_MOST_THREADS = 32
_MOST_LOOKUPS = 256


class NotResolved(Exception):
    """The addresses of a name are not known."""


class Resolver:
    """Looks up names. Callers that want the same name at the same time share one lookup.

    Args:
        getaddrinfo: What looks up, in a thread; takes what `socket.getaddrinfo` takes.
        seconds: How long a caller waits.

    """

    def __init__(
        self,
        getaddrinfo: Callable[..., Sequence[Any]] = socket.getaddrinfo,
        seconds: float = _LOOKUP_SECONDS,
    ) -> None:
        self._getaddrinfo = getaddrinfo
        self._seconds = seconds
        self._threads = ThreadPoolExecutor(_MOST_THREADS, thread_name_prefix="resolver")
        self._under_way: dict[str, asyncio.Future[Sequence[Any]]] = {}

    async def addresses(self, host: str) -> tuple[IPv4Address | IPv6Address, ...]:
        """Return the addresses of a name in the order in which to try them; at least one.

        Raises:
            NotResolved: The name has no address, or the lookup failed or takes too long.

        """
        try:
            async with asyncio.timeout(self._seconds):
                found = await asyncio.shield(self._lookup(host))
        except TimeoutError:
            raise NotResolved(host) from None
        except OSError:
            raise NotResolved(host) from None
        addresses = tuple(dict.fromkeys(ip_address(info[4][0]) for info in found))
        if not addresses:
            raise NotResolved(host)
        return addresses

    def _lookup(self, host: str) -> asyncio.Future[Sequence[Any]]:
        if host in self._under_way:
            return self._under_way[host]
        if len(self._under_way) >= _MOST_LOOKUPS:
            raise NotResolved(host)
        lookup = asyncio.get_running_loop().run_in_executor(self._threads, self._ask, host)
        self._under_way[host] = lookup
        lookup.add_done_callback(lambda done: self._ended(host, done))
        return lookup

    def _ask(self, host: str) -> Sequence[Any]:
        return self._getaddrinfo(host, None, type=socket.SOCK_STREAM)

    def _ended(self, host: str, lookup: asyncio.Future[Sequence[Any]]) -> None:
        del self._under_way[host]
        if not lookup.cancelled():
            # Whoever waited may have given up, and nobody else reads it.
            lookup.exception()

    def close(self) -> None:
        """Start no further lookup. Does not wait for those under way."""
        self._threads.shutdown(wait=False, cancel_futures=True)
