# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides which addresses may be called: public ones, and those in networks an operator allows.

Every address that a caller may name goes through here. A name is resolved once: the addresses that
were checked are those that are connected to, so no second answer of a name server can differ.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_network
from typing import TYPE_CHECKING

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.webhooks.resolver import NotResolved

if TYPE_CHECKING:
    from collections.abc import Sequence
    from ipaddress import IPv4Network, IPv6Network

    from longtake_server.webhooks.resolver import Resolver

    Address = IPv4Address | IPv6Address

_FIELD = "url"
_ACCEPTED = "accepted is https://host/path with a public host"
_LONGEST_URL = 2048
_LONGEST_NAME = 253
_HIGHEST_PORT = 65535
_PORTS = {"https": 443, "http": 80}

_FOREIGN = re.compile(r"[^!-~]|[\"<>\\^`{|}]")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^#]*)(#.*)?")
_AUTHORITY = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^:\[\]%]+)(?::([0-9]{1,5}))?")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
# Such a name is an IPv4 address to some readers of URLs, in decimal, octal or hex.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

_TRANSLATED = ip_network("64:ff9b::/96")
_GLOBAL_UNICAST = ip_network("2000::/3")
# What IPv4Address.is_global and IPv6Address.is_global accept, in some or all versions of Python.
_NOT_PUBLIC = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's platform, on every virtual machine
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.88.99.0/24",  # relays of 6to4
        "224.0.0.0/4",  # multicast
        "2001::/23",  # protocol assignments, among them Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)


class Refusal(Enum):
    """Why a URL is not called."""

    WRONG_URL = "wrong_url"
    NOT_ENCRYPTED = "not_encrypted"
    NOT_RESOLVED = "not_resolved"
    NOT_PUBLIC = "not_public"


class TargetRefused(Exception):
    """A URL must not be called. Its text says why; it repeats no address that a name has.

    Attributes:
        refusal: Why.
    """

    def __init__(self, refusal: Refusal, text: str) -> None:
        super().__init__(text)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Target:
    """Where to send a request.

    Attributes:
        scheme: `https` or `http`.
        host: The name or IP address of the URL, lower-case and without brackets.
        port: The port.
        path: The path and the query.
        addresses: The addresses of the host, all of which may be called.
    """

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[Address, ...] = ()


class TargetCheck:
    """Finds out whether a URL may be called.

    Args:
        allowed: Networks whose addresses may be called although they are not public, and
            without TLS.
        resolver: Looks up names.

    """

    def __init__(self, allowed: Sequence[IPv4Network | IPv6Network], resolver: Resolver) -> None:
        self._allowed = tuple(allowed)
        self._resolver = resolver

    async def check(self, url: str) -> None:
        """Check a URL that a caller gives.

        Raises:
            InvalidRequest: It must not be called; names the field `url` and says why.

        """
        try:
            await self.resolve(url)
        except TargetRefused as refused:
            raise InvalidRequest([Violation(_FIELD, str(refused))]) from None

    async def resolve(self, url: str) -> Target:
        """Return where to send a request for this URL. Resolves its host once.

        Raises:
            TargetRefused: It must not be called, or its host has no address.

        """
        target = split_url(url)
        if target.scheme == "http" and not self._allowed:
            raise TargetRefused(Refusal.NOT_ENCRYPTED, f"it is not encrypted; {_ACCEPTED}")
        addresses = await self._addresses(target.host)
        if not all(self._may_be_called(address) for address in addresses):
            raise TargetRefused(
                Refusal.NOT_PUBLIC,
                "its host has an address that is not public; accepted are hosts all of whose "
                "addresses are public, or in the networks that the operator allows",
            )
        if target.scheme == "http" and not all(map(self._is_allowed, addresses)):
            raise TargetRefused(Refusal.NOT_ENCRYPTED, f"it is not encrypted; {_ACCEPTED}")
        return Target(target.scheme, target.host, target.port, target.path, addresses)

    async def _addresses(self, host: str) -> tuple[Address, ...]:
        literal = _literal(host)
        if literal is not None:
            return (literal,)
        try:
            return await self._resolver.addresses(host)
        except NotResolved:
            raise TargetRefused(
                Refusal.NOT_RESOLVED,
                "its host cannot be resolved; accepted is a name that has an address",
            ) from None

    def _may_be_called(self, address: Address) -> bool:
        return self._is_allowed(address) or is_public(address)

    def _is_allowed(self, address: Address) -> bool:
        reached = _reached(address)
        return any(reached in network for network in self._allowed)


def is_public(address: Address) -> bool:
    """Return whether an address is global unicast, and belongs to nobody's private network."""
    reached = _reached(address)
    if isinstance(reached, IPv6Address) and reached not in _GLOBAL_UNICAST:
        return False
    return reached.is_global and not any(reached in network for network in _NOT_PUBLIC)


def _reached(address: Address) -> Address:
    """Return the IPv4 address that a connection to a mapped or translated address reaches."""
    if isinstance(address, IPv4Address):
        return address
    if address in _TRANSLATED:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def split_url(url: str) -> Target:
    """Return the parts of a URL, without addresses.

    Accepts one spelling of a host only, since other readers of URLs disagree about the others.

    Raises:
        TargetRefused: It is not a URL of HTTP, or has parts that it must not have.

    """
    if len(url) > _LONGEST_URL:
        raise _wrong(f"it is too long; accepted are at most {_LONGEST_URL} characters")
    if _FOREIGN.search(url):
        raise _wrong(
            "it has characters that a URL does not have; percent-encode those of the path, and "
            "write an international name in its xn-- form"
        )
    parts = _URL.fullmatch(url)
    if parts is None or parts[1].lower() not in _PORTS:
        raise _wrong(_ACCEPTED)
    scheme, authority, path, fragment = parts.groups()
    if fragment:
        raise _wrong("it has a fragment; leave out # and what follows")
    if "@" in authority:
        raise _wrong("it has a user or a password; leave out @ and what precedes it")
    host, port = _host_and_port(authority, _PORTS[scheme.lower()])
    return Target(scheme.lower(), host, port, path if path.startswith("/") else f"/{path}")


def _host_and_port(authority: str, default_port: int) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(authority)
    if match is None:
        raise _wrong(f"its host or port is wrong; {_ACCEPTED}")
    port = default_port if match[2] is None else int(match[2])
    if not 0 < port <= _HIGHEST_PORT:
        raise _wrong(f"its port is wrong; accepted are 1 to {_HIGHEST_PORT}")
    host = match[1].lower()
    if host.startswith("["):
        return _ipv6(host[1:-1]), port
    _check_name(host)
    return host, port


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address(text))
    except AddressValueError:
        raise _wrong("what is in brackets is not an IPv6 address") from None


def _check_name(host: str) -> None:
    if host.endswith("."):
        raise _wrong("its host ends with a dot; leave it out")
    labels = host.split(".")
    if _NUMBER.fullmatch(labels[-1]):
        if _literal(host) is None:
            raise _wrong(
                "its host is not an IPv4 address of four decimal numbers, as in 203.0.113.7"
            )
        return
    if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise _wrong("its host is neither a name nor an IP address")


def _literal(host: str) -> Address | None:
    """Return the address that a host is, or None if it is a name."""
    for kind in (IPv4Address, IPv6Address):
        try:
            return kind(host)
        except AddressValueError:
            continue
    return None


def _wrong(text: str) -> TargetRefused:
    return TargetRefused(Refusal.WRONG_URL, text)
