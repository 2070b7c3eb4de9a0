# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The options that every command takes to reach a server, and the client that they give."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from longtake.cli.failures import REFUSED, CommandFailure

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from longtake.client import Client

_OPTIONS = {
    "address": "--address",
    "api_key": "--api-key-file",
    "ca": "--ca",
    "client_certificate": "--client-certificate",
    "metadata": "--metadata",
}
_ARGUMENT = re.compile(rf"^({'|'.join(_OPTIONS)})(?=: )")
# Longer than any token. The file may be a device.
_MOST_BYTES = 65_536

AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="The server, or https://HOST for TLS. "
        "Default: LONGTAKE_ADDRESS, else localhost:50051.",
        show_default=False,
    ),
]
ApiKeyFileOption = Annotated[
    str | None,
    typer.Option(
        "--api-key-file",
        metavar="FILE",
        help="A file with the API key or token, or - for standard input. "
        "Default: LONGTAKE_API_KEY.",
        show_default=False,
    ),
]
CaOption = Annotated[
    str | None,
    typer.Option(
        "--ca",
        metavar="FILE",
        help="The certificates to trust, in PEM. Default: LONGTAKE_CA.",
        show_default=False,
    ),
]
ClientCertificateOption = Annotated[
    str | None,
    typer.Option(
        "--client-certificate",
        metavar="FILE",
        help="The certificate of the client, in PEM. Default: LONGTAKE_CLIENT_CERTIFICATE.",
        show_default=False,
    ),
]
ClientKeyOption = Annotated[
    str | None,
    typer.Option(
        "--client-key",
        metavar="FILE",
        help="The key of --client-certificate. Default: LONGTAKE_CLIENT_KEY.",
        show_default=False,
    ),
]
MetadataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--metadata",
        metavar="KEY=VALUE",
        help="A header for proxies. May be repeated. Default: LONGTAKE_METADATA.",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessOptions:
    """The options, as they were given. None: not given, so the environment decides.

    Attributes:
        address: The address of the server.
        api_key_file: The file with the key, or `-`.
        ca: The file of the certificates to trust.
        client_certificate: The file of the client's certificate.
        client_key: The file of its key.
        metadata: Headers, each as `key=value`.
    """

    address: str | None
    api_key_file: str | None
    ca: str | None
    client_certificate: str | None
    client_key: str | None
    metadata: list[str] | None

    def over(self, before: Self) -> Self:
        """Return these options, and those of `before` where one was not given."""
        names = [field.name for field in fields(self)]
        return type(self)(**{name: getattr(self, name) or getattr(before, name) for name in names})

    def open(self) -> Client:
        """Return a client for the server.

        Raises:
            CommandFailure: An option or a variable is wrong.

        """
        from longtake.client import Client

        try:
            return Client(
                self.address,
                api_key=None if self.api_key_file is None else _key_in(self.api_key_file),
                ca=self.ca,
                client_certificate=self._pair(),
                metadata=None if self.metadata is None else dict(map(_pair_of, self.metadata)),
            )
        except ValueError as error:
            told = _ARGUMENT.sub(lambda name: _OPTIONS[name[1]], str(error))
            raise CommandFailure(REFUSED, told) from error

    def words(self) -> Iterator[str]:
        """Yield the words of a command line that gives the same options."""
        for field in fields(self):
            value = getattr(self, field.name)
            for one in value if isinstance(value, list) else [value] if value else []:
                yield from (f"--{field.name.replace('_', '-')}", one)

    def _pair(self) -> tuple[str, str] | None:
        if self.client_certificate and self.client_key:
            return self.client_certificate, self.client_key
        if self.client_certificate:
            raise CommandFailure(REFUSED, "--client-certificate: it needs --client-key as well")
        if self.client_key:
            raise CommandFailure(REFUSED, "--client-key: it needs --client-certificate as well")
        return None


def _key_in(file: str) -> str:
    """Return the key in a file, which may end with a line break.

    Raises:
        CommandFailure: It cannot be read or is no text. The message does not repeat the key.

    """
    try:
        if file == "-":
            data = sys.stdin.buffer.read(_MOST_BYTES) if sys.stdin is not None else b""
        else:
            with Path(file).open("rb") as source:
                data = source.read(_MOST_BYTES)
        key = data.decode().strip()
    except OSError as error:
        why = f"{file} cannot be read: {error.strerror}"
        raise CommandFailure(REFUSED, f"--api-key-file: {why}") from error
    except UnicodeDecodeError:
        raise CommandFailure(REFUSED, f"--api-key-file: {file} is not text") from None
    if not key:
        raise CommandFailure(REFUSED, f"--api-key-file: {file} is empty")
    return key


def _pair_of(text: str) -> tuple[str, str]:
    key, has_value, value = text.partition("=")
    if not has_value:
        raise CommandFailure(REFUSED, "--metadata: it is KEY=VALUE")
    return key, value
