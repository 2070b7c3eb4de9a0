# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What all commands share: how they reach the server, and the form of the output."""

from __future__ import annotations

import inspect
import os
import shlex
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longtake.cli.access import (
    AccessOptions,
    AddressOption,
    ApiKeyFileOption,
    CaOption,
    ClientCertificateOption,
    ClientKeyOption,
    MetadataOption,
)
from longtake.cli.encoding import check_encoding
from longtake.cli.failures import unreachable
from longtake.cli.interrupts import interruptible
from longtake.cli.output import say
from longtake.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Self

    from longtake.client import Client


def _print_version(asked: bool) -> None:
    if asked:
        say(f"longtake {version('longtake')}")
        raise typer.Exit


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
        access: How to reach the server.
        as_json: Whether to print JSON.
    """

    access: AccessOptions
    as_json: bool

    def over(self, before: Self) -> Self:
        """Return these options, and those of `before` where one was not given."""
        return type(self)(self.access.over(before.access), self.as_json or before.as_json)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """Open a client for the block. gRPC is imported only here, so that --help is fast.

        Raises:
            CommandFailure: An option is wrong, or no server answers at the address.
            Interrupted: A signal asked the process to end.

        """
        # gRPC reads this on import. Without it, gRPC writes log lines between ours.
        os.environ.setdefault("GRPC_VERBOSITY", "NONE")
        with self.access.open() as client, interruptible(client):
            try:
                yield client
            except ServerError as error:
                raise unreachable(error, client.address) from error

    def command(self, *words: str) -> str:
        """Return a command line that calls the same server."""
        return shlex.join(("longtake", *words, *self.access.words()))


def session_of(
    address: AddressOption = None,
    api_key_file: ApiKeyFileOption = None,
    ca: CaOption = None,
    client_certificate: ClientCertificateOption = None,
    client_key: ClientKeyOption = None,
    metadata: MetadataOption = None,
    as_json: JsonOption = False,
    _version: VersionOption = False,
) -> Session:
    """Return the session that the options describe. Its signature is that of every command."""
    return Session(
        AccessOptions(
            address=address,
            api_key_file=api_key_file,
            ca=ca,
            client_certificate=client_certificate,
            client_key=client_key,
            metadata=metadata,
        ),
        as_json,
    )


def command(function: Callable[..., None]) -> Callable[..., None]:
    """Return a function with a Session as first parameter as one that typer calls.

    Instead of the session, it takes the options of `session_of`. Those before the name of a
    command hold for the command, unless it has the same option.
    """
    shared = inspect.signature(session_of, eval_str=True).parameters
    _, *own = inspect.signature(function, eval_str=True).parameters.values()

    @wraps(function)
    def run(context: typer.Context, **given: Any) -> None:
        check_encoding(context)
        session = session_of(**{name: given.pop(name) for name in shared})
        before: Session | None = context.obj
        context.obj = session = session if before is None else session.over(before)
        function(session, **given)

    taken = [
        inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *shared.values())),
    ]
    run.__signature__ = inspect.Signature(taken)  # type: ignore[attr-defined]  # inspect reads it
    run.__annotations__ = {one.name: one.annotation for one in taken}
    return run
