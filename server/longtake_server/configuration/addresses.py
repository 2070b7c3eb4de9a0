# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks of addresses in settings. Each returns the address or raises ValueError.

The messages say what is wrong and what is accepted. They never repeat the value, which may
be a secret in the wrong place. No I/O.
"""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LISTEN_ADDRESS = "host:port, for example 127.0.0.1:50051; port 0 takes a free one"
SERVER_ADDRESS = "host:port, for example localhost:50051"
HTTP_ADDRESS = "an http:// or https:// address, for example https://example.com"
COLLECTOR_ADDRESS = "http://host:port or https://host:port, for example http://localhost:4317"
PROXY_ADDRESS = "http://host:port or https://host:port"
MEDIA_PLACE = "a folder, file:///folder, gs://bucket/prefix or s3://bucket/prefix"

_HIGHEST_PORT = 65535
_LONGEST_NAME = 253
_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f]")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")


def split_address(address: str) -> tuple[str, int]:
    """Return the host, without brackets, and the port of a checked `host:port`."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


def is_loopback(address: str) -> bool:
    """Return whether only this machine reaches a checked `host:port`. Names but localhost: no."""
    host, _ = split_address(address)
    try:
        ip = ip_address(host)
    except ValueError:
        return host.lower().removesuffix(".") == "localhost"
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return (mapped or ip).is_loopback


def is_loopback_url(url: str) -> bool:
    """Return whether only this machine reaches the host of a checked URL."""
    return is_loopback(f"[{urlsplit(url).hostname}]:0")


def listen_address(address: str) -> str:
    """Check `host:port` for a server to listen on. Port 0 is accepted."""
    _check_host_and_port(address)
    return address


def server_address(address: str) -> str:
    """Check `host:port` of a server to connect to. Port 0 is refused."""
    if _check_host_and_port(address) == 0:
        raise ValueError("port 0 is no port to connect to; give the port that the server printed")
    return address


def http_address(address: str) -> str:
    """Check a base URL: http or https, a host, and perhaps a port and a path."""
    parts = _split_url(address, HTTP_ADDRESS)
    if parts.query or parts.fragment:
        raise ValueError("a base URL has no ? and no #; accepted is " + HTTP_ADDRESS)
    return address


def document_address(address: str) -> str:
    """Check the URL of a document: http or https, a host, and perhaps a path and a query."""
    _split_url(address, HTTP_ADDRESS)
    return address


def collector_address(address: str) -> str:
    """Check the address of an OTLP/gRPC collector: http or https, a host and a port."""
    parts = _split_url(address, COLLECTOR_ADDRESS)
    if not parts.port:
        raise ValueError(f"the port is missing; accepted is {COLLECTOR_ADDRESS}")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"OTLP over gRPC has no path; accepted is {COLLECTOR_ADDRESS}")
    return address


def proxy_address(address: str) -> str:
    """Check a proxy of the standard variables: a URL, or `host:port` for http."""
    url = address if "://" in address else f"http://{address}"
    _split_url(url, PROXY_ADDRESS, may_have_user=True)
    return address


def media_place(place: str) -> str:
    """Check where videos are kept: a folder, or a file://, gs:// or s3:// address."""
    scheme = _SCHEME.match(place)
    if scheme is None:
        return folder(place)
    rest = place[scheme.end() :]
    if scheme[1] == "file" and rest.startswith("///"):
        return place
    bucket = rest.removeprefix("//").partition("/")[0]
    if scheme[1] in ("gs", "s3") and rest.startswith("//") and _BUCKET.fullmatch(bucket):
        return place
    raise ValueError(f"accepted is {MEDIA_PLACE}; put ./ before a folder with a colon in its name")


def folder(path: str) -> str:
    """Check a path in the file system."""
    if path.startswith("~"):
        raise ValueError("~ is not expanded here; give the whole path")
    if "\x00" in path:
        raise ValueError("a path has no NUL character")
    return path


def _check_host_and_port(address: str) -> int:
    """Return the port of `host:port`."""
    if _BLANK.search(address):
        raise ValueError("an address has no blanks; accepted is " + SERVER_ADDRESS)
    if "://" in address:
        raise ValueError(f"leave out the scheme and the path; accepted is {SERVER_ADDRESS}")
    if address.startswith(("unix:", "/", "vsock:", "dns:")):
        raise ValueError(f"sockets of other kinds than TCP are not served; give {SERVER_ADDRESS}")
    if _is_bare_ipv6(address):
        raise ValueError("put an IPv6 address in brackets and add the port, as in [::1]:50051")
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        raise ValueError(f"the port is missing; accepted is {SERVER_ADDRESS}")
    _check_host(host)
    return _port(port)


def _is_bare_ipv6(address: str) -> bool:
    return address.count(":") > 1 and not address.startswith("[")


def _port(port: str) -> int:
    if not (port.isascii() and port.isdigit()) or int(port) > _HIGHEST_PORT:
        raise ValueError(f"the port is a whole number from 0 to {_HIGHEST_PORT}")
    return int(port)


def _check_host(host: str) -> None:
    if not host:
        raise ValueError(
            "the host is missing; give 127.0.0.1 for this machine alone, 0.0.0.0 for every IPv4 "
            "address of it, or [::] for every address"
        )
    if host.startswith("[") and host.endswith("]"):
        try:
            IPv6Address(host[1:-1])
        except AddressValueError:
            raise ValueError("what is in brackets is not an IPv6 address") from None
        return
    if host.replace(".", "").isdigit():
        try:
            IPv4Address(host)
        except AddressValueError:
            raise ValueError(
                "the host is not an IPv4 address, which is four numbers from 0 to 255"
            ) from None
        return
    labels = host.removesuffix(".").split(".")
    if len(host) > _LONGEST_NAME or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("the host is neither a name nor an IP address")


def _split_url(url: str, accepted: str, *, may_have_user: bool = False) -> SplitResult:
    if _BLANK.search(url):
        raise ValueError(f"an address has no blanks; accepted is {accepted}")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"host or port is wrong; accepted is {accepted}") from None
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"accepted is {accepted}")
    if "@" in parts.netloc and not may_have_user:
        raise ValueError("an address holds no user and no password")
    if port == 0:
        raise ValueError("port 0 is no port to connect to")
    host = parts.hostname or ""
    _check_host(f"[{host}]" if ":" in host else host)
    return parts
