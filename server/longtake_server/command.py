# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command line of `longtake-server`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from functools import partial
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import SecretStr

from longtake_server import budgets_command, console_command, keys_options
from longtake_server.agreement_commands import change_upstreams, resume_submissions
from longtake_server.clock import SystemClock
from longtake_server.copy_command import copy_to_postgres
from longtake_server.errors import StartFailure, StorageLost
from longtake_server.health_command import add_health_arguments, health_target
from longtake_server.keys_command import keys
from longtake_server.keys_file import base_url_of, token_uri_of
from longtake_server.migrate_command import migrate
from longtake_server.output import OutputFailure, ReaderGone, say
from longtake_server.rpc.health_client import check_health
from longtake_server.settings import Settings, load_settings
from longtake_server.stores import database_address, store_place
from longtake_server.telemetry.logs import set_up_logging
from longtake_server.usage_command import add_arguments, usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_COMMANDS: Mapping[str, str] = {
    "serve": "serve until SIGTERM or SIGINT",
    "check-config": "check the settings, print them without secrets, and exit",
    "keys": "create, list, revoke and rotate API keys; a server may be running",
    "console": "print the address of the console, with a link that signs in once; a server may be "
    "running",
    "budgets": "show and set budgets and limits; a server may be running",
    "migrate": "bring the database to the newest schema, and say from which version",
    "copy-to-postgres": "copy the database of the data folder to LONGTAKE_DATABASE_URL; no server "
    "may be running",
    "resume-submissions": "let the engine submit again after the store was older than before",
    "change-upstreams": "use the shared database with the upstream settings of this configuration",
    "usage": "print usage by day, caller and model, or as --by says; a server may be running",
    "health": "ask a running server whether it serves; exit with 0 if it does",
}

_PRINTING: Mapping[str, Callable[[Settings], str]] = {
    "migrate": migrate,
    "resume-submissions": resume_submissions,
    "change-upstreams": change_upstreams,
}

# What a shell reports for a program that SIGPIPE ended.
_READER_GONE = 141


def main() -> None:
    """Run the command. If it fails, print each fault and exit with 1."""
    try:
        arguments = _arguments()
        succeeded = _run(arguments, load_settings(arguments.config))
    except (StartFailure, StorageLost, OutputFailure) as failure:
        for line in str(failure).splitlines():
            sys.stderr.write(f"longtake-server: {line}\n")
        sys.exit(1)
    except ReaderGone:
        sys.exit(_READER_GONE)
    sys.exit(0 if succeeded else 1)


def _arguments() -> argparse.Namespace:
    try:
        return _parser().parse_args()
    except SystemExit as ended:
        if ended.code == 0:
            say("")  # Flushes the help or the version.
        raise


def _run(arguments: argparse.Namespace, settings: Settings) -> bool:
    if arguments.command == "keys":
        token_uri = token_uri_of(settings)
        report = keys(store_place(settings), arguments, SystemClock().now(), token_uri)
        say(report.output)
        for note in report.notes:
            sys.stderr.write(f"longtake-server: {note}\n")
    elif arguments.command == "usage":
        say(usage(store_place(settings), arguments))
    elif arguments.command == "budgets":
        now = SystemClock().now()
        say(budgets_command.budgets(store_place(settings), arguments, now))
    elif arguments.command == "console":
        say(console_command.console(settings, arguments, SystemClock().now()))
    elif (printing := _PRINTING.get(arguments.command)) is not None:
        say(printing(settings))
    elif arguments.command == "copy-to-postgres":
        copy_to_postgres(settings, say)
    elif arguments.command == "health":
        asyncio.run(check_health(*health_target(arguments, settings)))
    elif arguments.command == "check-config":
        _check(settings)
        say(_shown(settings))
        return not arguments.probe or _probe(settings)
    else:
        _serve(settings)
    return True


# What only one command needs is imported by it, so that the others start fast.


def _serve(settings: Settings) -> None:
    import uvloop

    from longtake_server.app import serve

    set_up_logging(settings.log_level, settings.log_format)
    uvloop.run(serve(settings, partial(_announce, settings)))


def _check(settings: Settings) -> None:
    from longtake_server.budgets_file import read_budgets
    from longtake_server.identity.configured import configured_identities
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.rpc.listeners import certificate_files
    from longtake_server.webhooks_file import read_webhooks

    if settings.database_url is not None:
        database_address(settings)
    Catalogue.load(settings.catalogue_file)
    if (files := certificate_files(settings)) is not None:
        files.read().identity()
    if settings.budgets_file is not None:
        read_budgets(settings.budgets_file)
    if settings.webhooks_file is not None:
        read_webhooks(settings.webhooks_file)
    configured_identities(settings)


def _probe(settings: Settings) -> bool:
    from longtake_server.probe_command import probe

    say("\n")
    # The checks print what they find; the log is for what they did not expect.
    set_up_logging("error", settings.log_format)
    report = StringIO()
    succeeded = asyncio.run(probe(settings, report))
    say(report.getvalue())
    return succeeded


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="longtake-server",
        description="One stable gRPC contract for generated video. A setting is a LONGTAKE_* "
        "variable, or a key of a TOML file: its name in lower case, without the prefix.",
    )
    _add_version(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text)
        if name == "keys":
            _add_version(command)
            keys_options.add_commands(command, _add_common)
            continue
        _add_common(command)
        if name == "usage":
            add_arguments(command)
        elif name == "budgets":
            budgets_command.add_arguments(command)
        elif name == "console":
            console_command.add_arguments(command)
        elif name == "health":
            add_health_arguments(command)
        elif name == "check-config":
            command.add_argument(
                "--probe",
                action="store_true",
                help="also test that each upstream accepts the credentials, and that the stores "
                "can be written; nothing is generated",
            )
    return parser


def _add_common(command: argparse.ArgumentParser) -> None:
    _add_version(command)
    command.add_argument("--config", type=Path, metavar="FILE", help="TOML file of settings")


def _add_version(parser: argparse.ArgumentParser) -> None:
    text = f"longtake-server {version('longtake-server')}"
    parser.add_argument(
        "--version", action="version", version=text, help="print the version and exit"
    )


def _announce(settings: Settings, address: str) -> None:
    text = f"longtake-server is serving on {address}\n"
    if settings.http_listen is not None and settings.console and base_url_of(settings):
        text += f"its console is at {console_command.address_of(settings)}\n"
    say(text)


def _shown(settings: Settings) -> str:
    return "".join(f"{name} = {_value(value)}\n" for name, value in settings)


def _value(value: object) -> str:
    if value is None or value == ():
        return "(not set)"
    if isinstance(value, SecretStr):
        return "(set, not shown)"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}"
    return ", ".join(value) if isinstance(value, tuple) else str(value)
