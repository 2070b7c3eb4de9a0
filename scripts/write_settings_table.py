# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of settings in docs/operations.md from the class that reads them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longtake_server.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

GUIDE = Path(__file__).parents[1] / "docs" / "operations.md"
BEGIN = "<!-- settings: written by `make fix` -->\n"
END = "<!-- end of settings -->\n"


def with_settings_table(guide: str) -> str:
    """Return the guide with the table that the settings give today.

    Raises:
        ValueError: The guide lacks one of the two marks around the table.

    """
    before, _, rest = guide.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the guide needs the marks {BEGIN!r} and {END!r} around the table")
    rows = "".join(_row(name, field) for name, field in Settings.model_fields.items())
    table = f"\n| variable | default | meaning |\n| --- | --- | --- |\n{rows}\n"
    return before + BEGIN + table + END + after


def _row(name: str, field: FieldInfo) -> str:
    value = field.default
    shown = f"{value:g}" if isinstance(value, float) else str(value)
    default = "none" if value is None else f"`{shown}`"
    return f"| `LONGTAKE_{name.upper()}` | {default} | {field.description} |\n"


if __name__ == "__main__":
    GUIDE.write_text(with_settings_table(GUIDE.read_text()))
