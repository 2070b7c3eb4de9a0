# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Text in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.cli.session import say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime


def say_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Write rows under their heads."""
    lines = [heads, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        say("  ".join(cells).rstrip())


def say_pairs(pairs: Iterable[tuple[str, str | None]]) -> None:
    """Write names and values, without those that are not known."""
    known = [(f"{name}:", value) for name, value in pairs if value]
    width = max(len(name) for name, _ in known)
    for name, value in known:
        say(f"{name.ljust(width)}  {value}")


def time_text(moment: datetime | None) -> str | None:
    """Return a time in UTC to the second."""
    return moment.strftime("%Y-%m-%d %H:%M:%SZ") if moment else None
