# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The program: its commands, the options before them, and how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from typer.main import get_command

from longtake.cli import (
    accounting,
    download,
    generate,
    listen,
    models,
    operations,
    url,
    webhooks,
)
from longtake.cli.failures import READER_GONE, CommandFailure, exit_code_of, line_of, usage_line
from longtake.cli.interrupts import Interrupted, raising_on_signals
from longtake.cli.output import check_open, note, output_failure
from longtake.cli.session import Session, command
from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Sequence


def options(_session: Session) -> None:
    """Generate videos with a Longtake server, watch generations, and download results.

    Exit codes: 0 done; 2 wrong usage or refused by the server; 3 the generation failed or was
    cancelled; 4 videos were withheld for usage guidelines; 5 the server cannot be reached or is
    at fault; 130, 143, 129 stopped by Ctrl-C, SIGTERM or SIGHUP, which does not cancel the
    generation; 141 the reader of standard output has gone.
    """
    check_open()


def webhooks_options(_session: Session) -> None:
    """Register endpoints for events of generations, and show what was sent to them."""


# Rich's help cuts off the names of options on a terminal of 80 columns.
app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.callback()(command(options))
app.command("generate")(command(generate.generate))
app.command("watch")(command(operations.watch))
app.command("get")(command(operations.get))
app.command("list")(command(operations.list_))
app.command("cancel")(command(operations.cancel))
app.command("delete")(command(operations.delete))
app.command("download")(command(download.download))
app.command("url")(command(url.url))
app.command("models")(command(models.models))
app.command("whoami")(command(accounting.whoami))
app.command("usage")(command(accounting.usage))

webhook_commands = typer.Typer()
webhook_commands.callback()(command(webhooks_options))
webhook_commands.command("create")(command(webhooks.create))
webhook_commands.command("list")(command(webhooks.list_))
webhook_commands.command("get")(command(webhooks.get))
webhook_commands.command("update")(command(webhooks.update))
webhook_commands.command("delete")(command(webhooks.delete))
webhook_commands.command("rotate")(command(webhooks.rotate))
webhook_commands.command("test")(command(webhooks.send_test))
webhook_commands.command("deliveries")(command(webhooks.deliveries))
webhook_commands.command("redeliver")(command(webhooks.redeliver))
webhook_commands.command("listen")(command(listen.listen))
app.add_typer(webhook_commands, name="webhooks")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code. Default: the process's arguments."""
    try:
        with raising_on_signals():
            code: object = get_command(app).main(
                arguments, prog_name="longtake", standalone_mode=False
            )
    except Interrupted as stop:
        note(f"stopped by {stop.cause}; run the same command again")
        return stop.exit_code
    except typer.TyperException as error:
        note(usage_line(error.format_message()))
        return error.exit_code
    except OSError as error:  # from the help, which typer prints by itself
        return _fail(output_failure(error))
    except (CommandFailure, LongtakeError, ValueError) as error:
        return _fail(error)
    return code if isinstance(code, int) else 0


def _fail(error: Exception) -> int:
    """Print an error and return its exit code."""
    is_end_of_pipeline = exit_code_of(error) == READER_GONE and not hasattr(error, "__notes__")
    if not is_end_of_pipeline:  # such as `longtake list | head`, which ends in silence
        note(line_of(error))
    return exit_code_of(error)
