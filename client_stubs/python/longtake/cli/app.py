# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The program: its commands, the options before them, and its end."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer
from typer.main import get_command

from longtake.cli import download, generate, models, operations
from longtake.cli.failures import CommandFailure, exit_code_of, line_of
from longtake.cli.session import AddressOption, JsonOption, Session, note, say
from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Sequence

# Rich's help cuts the names of options short on a terminal of 80 columns.
app = typer.Typer(add_completion=False, rich_markup_mode=None)
app.command("generate")(generate.generate)
app.command("watch")(operations.watch)
app.command("get")(operations.get)
app.command("list")(operations.list_)
app.command("cancel")(operations.cancel)
app.command("delete")(operations.delete)
app.command("download")(download.download)
app.command("models")(models.models)


def _tell_version(asked: bool) -> None:
    if asked:
        say(f"longtake {version('longtake')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    address: AddressOption = None,
    as_json: JsonOption = False,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_tell_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Generate videos with a Longtake server, watch them, fetch them.

    Exit codes: 0 done; 2 wrong usage or refused by the server; 3 the generation failed or was
    cancelled; 4 videos were withheld for usage guidelines; 5 the server cannot be reached or is
    at fault; 130 stopped by Ctrl-C, which cancels nothing.
    """
    context.obj = Session(address, as_json)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Default: the process's arguments."""
    try:
        code: object = get_command(app).main(arguments, prog_name="longtake", standalone_mode=False)
    except typer.TyperException as error:
        note(" ".join(f"{error.format_message().rstrip('.')}; see --help".split()))
        return error.exit_code
    except (CommandFailure, LongtakeError, ValueError) as error:
        note(line_of(error))
        return exit_code_of(error)
    return code if isinstance(code, int) else 0
