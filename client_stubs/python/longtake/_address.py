# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of servers as callers give them. No I/O."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

_DEFAULT_ADDRESS = "localhost:50051"
_VARIABLE = "LONGTAKE_ADDRESS"
_ACCEPTED = (
    "it is HOST:PORT, such as localhost:50051 or [::1]:50051, http://HOST:PORT or "
    "grpc://HOST:PORT without TLS, or https://HOST[:PORT] or grpcs://HOST[:PORT] with TLS, "
    "and its port is from 1 to 65535"
)
_TLS_PORT = 443
_SECURE = {"https": True, "grpcs": True, "http": False, "grpc": False}
# Names that gRPC resolves in its own ways: https://grpc.github.io/grpc/core/md_doc_naming.html
_GRPC_NAME = re.compile(r"(?P<scheme>dns|ipv4|ipv6|unix|unix-abstract|vsock|xds):(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Address:
    """The address of a server.

    Attributes:
        text: The address as it was given.
        target: What gRPC connects to.
        secure: Whether the address asks for TLS, or for plaintext; None if it says neither.
        local: Whether a connection to it stays on this machine.
    """

    text: str
    target: str
    secure: bool | None
    local: bool


def address_of(address: str | None, name: str = "address") -> Address:
    """Return the address given, else LONGTAKE_ADDRESS, else `localhost:50051`.

    Args:
        address: The address, or None.
        name: What to call it in messages.

    Raises:
        ValueError: It is none of the forms that are accepted. gRPC itself would take a
            missing port as 443 and a large one modulo 65536.

    """
    chosen = address or os.environ.get(_VARIABLE) or _DEFAULT_ADDRESS
    name = name if address else _VARIABLE
    if found := _GRPC_NAME.fullmatch(chosen):
        return Address(chosen, chosen, None, _is_local(found["scheme"], found["rest"]))
    if "@" in chosen:  # a password may stand before it
        raise ValueError(f"{name}: an address with a user is not accepted; {_ACCEPTED}")
    parsed = _parsed(chosen)
    if parsed is None:
        raise ValueError(f"{name}: {chosen!r} is not accepted; {_ACCEPTED}")
    return parsed


def _parsed(text: str) -> Address | None:
    scheme, has_scheme, rest = text.rpartition("://")
    secure = _SECURE.get(scheme.lower())
    if has_scheme:
        if secure is None:
            return None
        rest = rest.removesuffix("/")
    try:
        parts = urlsplit(f"//{rest}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if port is None and secure and not parts.netloc.endswith(":"):
        port = _TLS_PORT
        rest = f"{rest}:{port}"
    if not host or not port or not _is_only_host_and_port(parts, text):
        return None
    return Address(text, rest, secure, _is_loopback(host))


def _is_only_host_and_port(parts: SplitResult, text: str) -> bool:
    return not any((parts.path, parts.query, parts.fragment)) and not re.search(r"\s|[?#]", text)


def _is_local(scheme: str, rest: str) -> bool:
    """Return whether a name that gRPC resolves stands for this machine only."""
    match scheme:
        case "unix" | "unix-abstract":
            return True
        case "dns" | "ipv4" | "ipv6":
            return all(map(_is_loopback_name, rest.rpartition("/")[2].split(",")))
    return False


def _is_loopback_name(name: str) -> bool:
    try:
        host = urlsplit(f"//{name}").hostname
    except ValueError:
        return False
    return host is not None and _is_loopback(host)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
