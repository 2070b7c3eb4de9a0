# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server console`: prints an address at which a browser is signed in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import StartFailure
from longtake_server.identity.console_link import new_link
from longtake_server.identity.principal import Role
from longtake_server.keys_file import base_url_of
from longtake_server.keys_options import principal_id, role_name
from longtake_server.stores import store_place

if TYPE_CHECKING:
    import argparse
    from datetime import datetime

    from longtake_server.settings import Settings

_PRINCIPAL = "console"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--principal",
        type=principal_id,
        default=_PRINCIPAL,
        metavar="ID",
        help=f"whom the link signs in (default: {_PRINCIPAL})",
    )
    parser.add_argument(
        "--role",
        type=role_name,
        action="append",
        metavar="ROLE",
        help="generator, reader or admin; may be repeated (default: admin)",
    )


def console(settings: Settings, arguments: argparse.Namespace, now: datetime) -> str:
    """Return the address of the console, with a link that works once if the server wants a key.

    Args:
        settings: The settings of the server, which may be running.
        arguments: The parsed options of `add_arguments`.
        now: The present time.

    Raises:
        StartFailure: The server has no console, its address is not known, or it accepts no API
            keys, or the database cannot be used.

    """
    address = address_of(settings)
    if not settings.authentication:
        return f"{address}\n"
    if "keys" not in settings.authentication:
        raise StartFailure(
            "a link stands for an API key, and LONGTAKE_AUTHENTICATION does not have `keys`; sign "
            f"in at {address} with a token"
        )
    link = new_link()
    roles = frozenset(arguments.role or {Role.ADMIN})
    with store_place(settings).writing() as store:
        store.register.add(link.stored(arguments.principal, roles, now))
    return f"{address}#link={link.text}\n"


def address_of(settings: Settings) -> str:
    """Return the address of the console.

    Raises:
        StartFailure: There is no console, or its address is not known.

    """
    if settings.http_listen is None or not settings.console:
        raise StartFailure(
            "the server has no console: set LONGTAKE_HTTP_LISTEN, and leave LONGTAKE_CONSOLE on"
        )
    if (base := base_url_of(settings)) is None:
        raise StartFailure(
            "the address of the console is not known: set LONGTAKE_PUBLIC_URL to the base URL at "
            "which browsers reach the HTTP server"
        )
    return f"{base}/"
