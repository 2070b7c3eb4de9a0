# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server`."""

from __future__ import annotations

import argparse
import asyncio
import sys
from importlib.metadata import version
from pathlib import Path

from longtake_server import app
from longtake_server.errors import StartFailure
from longtake_server.settings import Settings, load_settings
from longtake_server.telemetry import set_up_logging
from longtake_server.usage_command import add_arguments, usage


def main() -> None:
    """Run the command; a failure to start is one line on standard error and exit code 1."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings(arguments.config)
        if arguments.command == "check-config":
            sys.stdout.write(_shown(settings))
        elif arguments.command == "usage":
            sys.stdout.write(usage(app.database_of(settings), arguments))
        elif arguments.command == "health":
            asyncio.run(app.check_health(settings.listen))
        else:
            set_up_logging(settings.log_level, settings.log_format)
            asyncio.run(app.serve(settings, _announce))
    except StartFailure as failure:
        sys.stderr.write(f"longtake-server: {failure}\n")
        sys.exit(1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="longtake-server",
        description="One stable gRPC contract for generated video. Settings are LONGTAKE_* "
        "variables, or the keys of a TOML file in lower case without the prefix.",
    )
    _add_version(parser)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    texts = {
        "serve": "serve until SIGTERM or SIGINT",
        "check-config": "check the settings, print them without secrets, and exit",
        "usage": "print usage by day, caller and model; a server may be running",
        "health": "ask the server at LONGTAKE_LISTEN whether it serves; exit 0 if so",
    }
    for name, text in texts.items():
        command = commands.add_parser(name, help=text, description=text)
        _add_version(command)
        if name == "usage":
            add_arguments(command)
        command.add_argument("--config", type=Path, metavar="FILE", help="a TOML file of settings")
    return parser


def _add_version(parser: argparse.ArgumentParser) -> None:
    told = f"longtake-server {version('longtake-server')}"
    parser.add_argument(
        "--version", action="version", version=told, help="print the version and exit"
    )


def _announce(address: str) -> None:
    sys.stdout.write(f"longtake-server is serving on {address}\n")
    sys.stdout.flush()


def _shown(settings: Settings) -> str:
    return "".join(f"{name} = {value}\n" for name, value in settings.model_dump().items())
