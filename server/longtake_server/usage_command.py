# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server usage`: prints counts and costs of operations as a table or JSON."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import TYPE_CHECKING

from longtake_server.command_text import day, table
from longtake_server.operations.accounting import Dimension, UsageQuery

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from longtake_server.operations.accounting import Account, Usage, UsageRow
    from longtake_server.storage.command_store import CommandStore, StorePlace

_ACCOUNT_COLUMNS = ("day", "caller", "model")
_SUM_COLUMNS = (
    *("accepted", "succeeded", "failed", "cancelled", "deleted"),
    *("unpriced", "seconds", "reserved USD", "settled USD"),
)
_LABEL = "label:"
_DIMENSIONS = {"day": Dimension.DAY, "model": Dimension.MODEL, "principal": Dimension.PRINCIPAL}
_ROWS_AT_ONCE = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument(
        "--since", type=day, default=date.min, metavar="DAY", help="first day, YYYY-MM-DD in UTC"
    )
    parser.add_argument(
        "--until", type=day, default=date.max, metavar="DAY", help="last day, YYYY-MM-DD in UTC"
    )
    parser.add_argument("--caller", metavar="NAME", help="only this caller (default: all)")
    parser.add_argument(
        "--by",
        type=_grouping,
        metavar="WHAT",
        help="what to group by: any of day, model, principal and label:KEY, joined by commas "
        "(default: day, caller and model)",
    )
    parser.add_argument("--json", action="store_true", help="print a JSON array")


def usage(place: StorePlace, arguments: argparse.Namespace) -> str:
    """Return the usage as text. A server may be using the database.

    Args:
        place: Where the store is.
        arguments: The parsed options of `add_arguments`.

    Raises:
        StartFailure: The database cannot be read.

    """
    with place.reading() as store:
        if arguments.by is not None:
            columns, rows = _grouped(store, arguments)
        else:
            found = store.usage(arguments.since, arguments.until, arguments.caller)
            columns, rows = (
                _ACCOUNT_COLUMNS,
                [_Row(_named(one), sums) for one, sums in found.items()],
            )
    return _as_json(rows) if arguments.json else _as_table(columns, rows)


@dataclass(frozen=True, slots=True)
class _Grouping:
    """What `--by` asks for, in the order of the columns."""

    dimensions: tuple[Dimension, ...]
    label_key: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The heads of the columns."""
        return tuple(
            f"{_LABEL}{self.label_key}" if one is Dimension.LABEL else one.value.lower()
            for one in self.dimensions
        )


@dataclass(frozen=True, slots=True)
class _Row:
    """A row: its key by column, None for an operation without the label; and its sums."""

    key: Mapping[str, str | None]
    sums: Usage


def _grouping(text: str) -> _Grouping:
    found: set[Dimension] = set()
    label_key = ""
    for part in text.split(","):
        if part.startswith(_LABEL) and part != _LABEL:
            dimension, label_key = Dimension.LABEL, part.removeprefix(_LABEL)
        elif part in _DIMENSIONS:
            dimension = _DIMENSIONS[part]
        else:
            raise argparse.ArgumentTypeError(
                f"{part!r} is unknown; give any of day, model, principal and label:KEY, joined by "
                "commas, for example day,label:team"
            )
        if dimension in found:
            raise argparse.ArgumentTypeError(f"{part!r} is a second {dimension.value.lower()}")
        found.add(dimension)
    return _Grouping(tuple(one for one in Dimension if one in found), label_key)


def _grouped(
    store: CommandStore, arguments: argparse.Namespace
) -> tuple[Sequence[str], Sequence[_Row]]:
    grouping: _Grouping = arguments.by
    wanted = UsageQuery(
        arguments.since,
        arguments.until,
        arguments.caller,
        frozenset(grouping.dimensions),
        grouping.label_key,
    )
    rows = [
        _Row(dict(zip(grouping.columns, _key(row, grouping), strict=True)), row.sums)
        for row in _all_rows(store, wanted)
    ]
    return grouping.columns, rows


def _all_rows(store: CommandStore, wanted: UsageQuery) -> Iterator[UsageRow]:
    cursor: str | None = None
    while True:
        page = store.usage_by(wanted, _ROWS_AT_ONCE, cursor)
        yield from page.rows
        if (cursor := page.next_cursor) is None:
            return


def _key(row: UsageRow, grouping: _Grouping) -> Iterator[str | None]:
    values = {
        Dimension.DAY: None if row.day is None else row.day.isoformat(),
        Dimension.MODEL: row.model,
        Dimension.PRINCIPAL: row.caller,
        Dimension.LABEL: row.label_value,
    }
    return (values[one] for one in grouping.dimensions)


def _named(account: Account) -> Mapping[str, str | None]:
    return {"day": account.day.isoformat(), "caller": account.caller, "model": account.model}


def _as_json(rows: Sequence[_Row]) -> str:
    return json.dumps([{**row.key, **asdict(row.sums)} for row in rows], indent=2) + "\n"


def _as_table(columns: Sequence[str], rows: Sequence[_Row]) -> str:
    return table([(*columns, *_SUM_COLUMNS), *map(_cells, rows)], len(columns))


def _cells(row: _Row) -> tuple[str, ...]:
    sums = row.sums
    counts = (sums.accepted, sums.succeeded, sums.failed, sums.cancelled, sums.deleted)
    return (
        *(value or "-" for value in row.key.values()),
        *map(str, (*counts, sums.unpriced)),
        f"{sums.billed_milliseconds / 1000:.1f}",
        f"{sums.reserved_micros / 1e6:.2f}",
        f"{sums.settled_micros / 1e6:.2f}",
    )
