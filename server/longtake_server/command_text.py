# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the commands share: days as options, and tables as output."""

from __future__ import annotations

import argparse
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def day(text: str) -> date:
    """Return the day that an option names. Raises argparse.ArgumentTypeError."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a day; give YYYY-MM-DD, for example 2026-11-24"
        ) from None


def table(rows: Sequence[Sequence[str]], texts: int) -> str:
    """Return rows as aligned lines.

    Args:
        rows: The cells of each row, the head first.
        texts: How many columns hold text. Those after them hold numbers and are aligned right.

    """
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "".join(f"{_line(row, widths, texts)}\n" for row in rows)


def _line(row: Sequence[str], widths: Sequence[int], texts: int) -> str:
    cells = [
        cell.ljust(width) if column < texts else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()
