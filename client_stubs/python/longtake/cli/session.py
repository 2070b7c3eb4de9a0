# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What all commands share: the server, the form of the output, and how it is written."""

from __future__ import annotations

import json
import os
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from longtake.cli.failures import unreachable
from longtake.cli.interrupts import interruptible
from longtake.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self

    from longtake.client import Client

AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="The server. Default: LONGTAKE_ADDRESS, else localhost:50051.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON in place of text.")]


@dataclass(frozen=True, slots=True)
class Session:
    """The options that every command takes, also before its name.

    Attributes:
        address: The server's address, or None for the default.
        as_json: Whether the output is JSON.
    """

    address: str | None
    as_json: bool

    @classmethod
    def of(cls, context: typer.Context, address: str | None, as_json: bool) -> Self:
        """Return what was given to a command, or else before its name."""
        before: Session = context.obj
        return cls(address or before.address, as_json or before.as_json)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Lend a client. gRPC is imported only here, so that help comes at once."""
        # It would write lines of its own among ours, and reads this when it is imported.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        from longtake.client import Client

        with Client(self.address) as client, interruptible(client):
            try:
                yield client
            except ServerError as error:
                raise unreachable(error, client.address) from error

    def command(self, *words: str) -> str:
        """Return a command line that speaks to the same server."""
        address = ("--address", self.address) if self.address else ()
        return shlex.join(("longtake", *words, *address))


def say(text: str) -> None:
    """Write a line of the result, at once."""
    typer.echo(text)


def note(text: str) -> None:
    """Write a line that is not part of the result."""
    typer.echo(f"longtake: {text}", err=True)


def say_json(document: object, *, indent: int | None = 2) -> None:
    """Write a JSON document; without an indent it is one line."""
    say(json.dumps(document, ensure_ascii=False, indent=indent))
