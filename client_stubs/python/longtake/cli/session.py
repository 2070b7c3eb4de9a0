# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What all commands share: the server's address and the form of the output."""

from __future__ import annotations

import os
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from longtake.cli.failures import REFUSED, CommandFailure, unreachable
from longtake.cli.interrupts import interruptible
from longtake.cli.output import say
from longtake.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from longtake.client import Client


def _print_version(asked: bool) -> None:
    if asked:
        say(f"longtake {version('longtake')}")
        raise typer.Exit


AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="The server. Default: LONGTAKE_ADDRESS, else localhost:50051.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
VersionOption = Annotated[
    bool,
    typer.Option(
        "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
    ),
]


@dataclass(frozen=True, slots=True)
class Session:
    """The options that every command takes, before or after its name.

    Attributes:
        address: The server's address, or None for the default.
        as_json: Whether to print JSON.
    """

    address: str | None
    as_json: bool

    @classmethod
    def of(cls, context: typer.Context, address: str | None, as_json: bool) -> Self:
        """Return the options given after the command's name, or else those before it."""
        before: Session = context.obj
        return cls(address or before.address, as_json or before.as_json)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Open a client for the block. gRPC is imported only here, so that --help is fast.

        Raises:
            CommandFailure: The address is not one, or no server answers at the address.
            Interrupted: A signal asked the process to end.

        """
        # gRPC reads this on import. Without it, gRPC writes log lines between ours.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        from longtake.client import Client

        try:
            opened = Client(self.address)
        except ValueError as error:
            raise CommandFailure(REFUSED, f"--{error}" if self.address else str(error)) from error
        with opened as client, interruptible(client):
            try:
                yield client
            except ServerError as error:
                raise unreachable(error, client.address) from error

    def command(self, *words: str) -> str:
        """Return a command line that calls the same server."""
        address = ("--address", self.address) if self.address else ()
        return shlex.join(("longtake", *words, *address))
