# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the URL of a database. The faults never quote it, since it may have a password. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

DATABASE_URL = (
    "a URL of PostgreSQL, for example "
    "postgresql://user:password@one:5432,two:5432/longtake?sslmode=verify-full"
)

_SCHEMES = ("postgresql", "postgres")
_PLAIN = re.compile(r"[^\s\x00-\x1f\x7f]+")
_SCHEME = re.compile(r"(?:jdbc:)?([A-Za-z]+)(\+[A-Za-z0-9_]+)?:")
_OTHER_DATABASES = (
    "mysql",
    "mariadb",
    "mongodb",
    "redis",
    "sqlite",
    "oracle",
    "mssql",
    "cockroach",
)
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HIGHEST_PORT = 65535
_PRIMARY = ("read-write", "primary")
_TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_UNSUPPORTED: Mapping[str, re.Pattern[str]] = {
    "Aurora DSQL": re.compile(r"\.dsql\.[a-z0-9-]+\.on\.aws$"),
    "CockroachDB": re.compile(r"\.cockroachlabs\.cloud$"),
    "YugabyteDB": re.compile(r"\.ybdb\.io$"),
}


def database_url(url: str) -> str:
    """Check the URL of a PostgreSQL database, with one or several hosts.

    Raises:
        ValueError: It is wrong, or names a database that is not supported.

    """
    _check_scheme(url)
    if not _PLAIN.fullmatch(url) or _PERCENT.search(url):
        raise ValueError(
            "a URL has no blanks, and a % is written %25, as are other signs in a password: @ is "
            "%40, / is %2F"
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise ValueError(f"the hosts are wrong; accepted is {DATABASE_URL}") from None
    if parts.fragment:
        raise ValueError("a # in a URL is written %23")
    values = dict(parse_qsl(parts.query, keep_blank_values=True))
    hosts = parts.netloc.rpartition("@")[2]
    for host in hosts.split(",") if hosts else ():
        _check_host(host)
    if not parts.path.strip("/") and not values.get("dbname"):
        raise ValueError(f"the name of the database is missing; accepted is {DATABASE_URL}")
    _check_values(values)
    return url


def _check_scheme(url: str) -> None:
    if url.startswith(tuple(f"{scheme}://" for scheme in _SCHEMES)):
        return
    found = _SCHEME.match(url)
    scheme = found[1].lower() if found else ""
    if scheme in _SCHEMES:
        raise ValueError(
            "the URL must begin with postgresql://, without the name of a driver or jdbc: before it"
        )
    if scheme.startswith(_OTHER_DATABASES):
        raise ValueError(f"only PostgreSQL is supported; accepted is {DATABASE_URL}")
    raise ValueError(f"accepted is {DATABASE_URL}")


def _check_host(host: str) -> None:
    name, colon, port = host.rpartition(":")
    if not colon or host.endswith("]"):
        name, port = host, ""
    name = unquote(name).lower()
    if not name or (":" in name and not name.startswith("[")):
        raise ValueError(f"a host is missing or wrong; accepted is {DATABASE_URL}")
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
        raise ValueError(f"the port is a whole number from 1 to {_HIGHEST_PORT}")
    for product, sign in _UNSUPPORTED.items():
        if sign.search(name):
            raise ValueError(f"{product} is not supported; use PostgreSQL 15 or newer")


def _check_values(values: Mapping[str, str]) -> None:
    if values.get("target_session_attrs", _PRIMARY[0]) not in _PRIMARY:
        raise ValueError(
            "the server uses the primary only: leave out target_session_attrs, which then is "
            "read-write"
        )
    if values.get("sslmode", _TLS_MODES[0]) not in _TLS_MODES:
        raise ValueError(f"sslmode is {', '.join(_TLS_MODES[:-1])} or {_TLS_MODES[-1]}")
