# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The arguments of `longtake-server health`, and what they mean together with the settings."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from longtake_server.configuration.addresses import server_address
from longtake_server.errors import StartFailure
from longtake_server.rpc.health_client import TlsOptions, address_to_ask

if TYPE_CHECKING:
    from longtake_server.settings import Settings


def add_health_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `health`."""
    command.add_argument(
        *("--address", "-a"),
        type=_address,
        metavar="HOST:PORT",
        help="the server to ask (default: LONGTAKE_LISTEN)",
    )
    command.add_argument(
        "--ca",
        type=Path,
        metavar="FILE",
        help="ask over TLS, and verify the certificate of the server with this one (default: TLS "
        "if LONGTAKE_TLS_CERTIFICATE is set, without verification)",
    )
    command.add_argument(
        "--cert", type=Path, metavar="FILE", help="certificate to present; asks over TLS"
    )
    command.add_argument("--key", type=Path, metavar="FILE", help="private key of --cert")


def health_target(
    arguments: argparse.Namespace, settings: Settings
) -> tuple[str, TlsOptions | None]:
    """Return the address to ask, and how to ask over TLS, or None for plaintext.

    Raises:
        StartFailure: The arguments do not fit together, or there is no address.

    """
    if (arguments.cert is None) != (arguments.key is None):
        raise StartFailure("--cert and --key go together")
    address = arguments.address or address_to_ask(settings.listen)
    given = arguments.ca or arguments.cert or settings.tls_certificate
    tls = TlsOptions(arguments.ca, arguments.cert, arguments.key) if given else None
    return address, tls


def _address(text: str) -> str:
    try:
        return server_address(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
