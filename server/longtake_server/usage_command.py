# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server usage`: prints counts and costs of operations as a table or JSON."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING

from longtake_server.storage.database import reading_beside
from longtake_server.storage.usage_table import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from longtake_server.operations.accounting import Account, Usage

_HEAD = (
    *("day", "caller", "model", "accepted", "succeeded", "failed", "cancelled", "deleted"),
    *("unpriced", "seconds", "reserved USD", "settled USD"),
)
_TEXT_COLUMNS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--since", type=_day, default=date.min, metavar="DAY", help="first day, YYYY-MM-DD in UTC"
    )
    parser.add_argument(
        "--until", type=_day, default=date.max, metavar="DAY", help="last day, YYYY-MM-DD in UTC"
    )
    parser.add_argument("--caller", metavar="NAME", help="only this caller (default: all)")
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def usage(database: Path, arguments: argparse.Namespace) -> str:
    """Return the usage as text. A server may be using the database.

    Args:
        database: The path of the database file.
        arguments: The parsed options of `add_arguments`.

    Raises:
        StartFailure: The database cannot be read.

    """
    with reading_beside(database) as connection:
        found = read(connection, arguments.since, arguments.until, arguments.caller)
    return _as_json(found) if arguments.json else _as_table(found)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a day; give YYYY-MM-DD, for example 2026-11-24"
        ) from None


def _as_json(found: Mapping[Account, Usage]) -> str:
    rows = [
        {**asdict(account), "day": account.day.isoformat(), **asdict(sums)}
        for account, sums in found.items()
    ]
    return json.dumps(rows, indent=2) + "\n"


def _as_table(found: Mapping[Account, Usage]) -> str:
    grid = [_HEAD, *(_row(account, sums) for account, sums in found.items())]
    widths = [max(len(row[column]) for row in grid) for column in range(len(_HEAD))]
    return "".join(f"{_line(row, widths)}\n" for row in grid)


def _row(account: Account, sums: Usage) -> tuple[str, ...]:
    counts = (sums.accepted, sums.succeeded, sums.failed, sums.cancelled, sums.deleted)
    return (
        *(account.day.isoformat(), account.caller or "-", account.model),
        *map(str, (*counts, sums.unpriced)),
        f"{sums.billed_milliseconds / 1000:.1f}",
        f"{sums.reserved_micros / 1e6:.2f}",
        f"{sums.settled_micros / 1e6:.2f}",
    )


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column < _TEXT_COLUMNS else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
