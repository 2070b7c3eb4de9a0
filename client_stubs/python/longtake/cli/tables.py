# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Text in columns."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.cli.output import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from longtake.types import Money

_GAP = "  "


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        head: Its heading.
        least: The width in cells to which it may be cut on a terminal; None: it is never cut.
        rank: On a terminal that is too narrow, the column with the highest rank is left out
            first; columns of rank 0 never are.
    """

    head: str
    least: int | None = None
    rank: int = 0


def say_table(columns: Sequence[Column], rows: Iterable[Sequence[str]]) -> None:
    """Write rows under their headings. On a terminal they are fitted to its width."""
    from rich.cells import cell_len, set_cell_size

    lines = [[column.head for column in columns], *([_printable(c) for c in row] for row in rows)]
    natural = [max(map(cell_len, cells)) for cells in zip(*lines, strict=True)]
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    widths = fitted(columns, natural, room)
    for line in lines:
        cells = [
            set_cell_size(_cut(line[index], cell_len(line[index]), width), width)
            for index, width in widths.items()
        ]
        say(_GAP.join(cells).rstrip())


def fitted(
    columns: Sequence[Column], natural: Sequence[int], room: int | None
) -> Mapping[int, int]:
    """Return the widths of the columns that fit, by their index.

    Args:
        columns: The columns.
        natural: The widths that they need, in cells.
        room: The width of the terminal; None means without limit.
    """
    if room is None:
        return dict(enumerate(natural))
    least = {
        index: width if column.least is None else min(width, column.least)
        for index, (column, width) in enumerate(zip(columns, natural, strict=True))
    }
    while _total(least) > room and any(columns[index].rank for index in least):
        del least[max(least, key=lambda index: columns[index].rank)]
    spare = max(0, room - _total(least))
    widths = {}
    for index, width in least.items():
        widths[index] = min(natural[index], width + spare)
        spare -= widths[index] - width
    return widths


def say_pairs(pairs: Iterable[tuple[str, str | None]]) -> None:
    """Write names and values, without the values that are not known."""
    known = [(f"{name}:", _printable(value)) for name, value in pairs if value]
    width = max(len(name) for name, _ in known)
    for name, value in known:
        say(f"{name.ljust(width)}  {value}")


def time_text(moment: datetime | None) -> str | None:
    """Return a time in UTC, to the second."""
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else None


def money_text(amount: Money | None) -> str | None:
    """Return an amount with its currency, to the cent or as exactly as it is given."""
    if amount is None:
        return None
    number = amount["amount"].normalize()
    exponent = number.as_tuple().exponent
    digits = max(2, -exponent) if isinstance(exponent, int) else 2
    return f"{number:.{digits}f} {amount['currency_code']}"


def labels_text(labels: Mapping[str, str]) -> str:
    """Return labels as they are given to --label."""
    return ",".join(f"{key}={value}" for key, value in labels.items())


def _total(widths: Mapping[int, int]) -> int:
    return sum(widths.values()) + len(_GAP) * (len(widths) - 1)


def _cut(text: str, length: int, width: int) -> str:
    from rich.cells import set_cell_size

    return text if length <= width else set_cell_size(text, width - 1).rstrip() + "…"


def _printable(text: str) -> str:
    """Return a text in one line, without the control characters that a terminal would obey."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
