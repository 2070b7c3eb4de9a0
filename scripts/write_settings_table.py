# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of settings in docs/operations.md from the settings class."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longtake_server.configuration.loading import accepted_words, variable_of
from longtake_server.settings import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

GUIDE = Path(__file__).parents[1] / "docs" / "operations.md"
BEGIN = "<!-- settings: written by `make fix` -->\n"
END = "<!-- end of settings -->\n"


def with_settings_table(guide: str) -> str:
    """Return the guide with a table of the current settings.

    Raises:
        ValueError: The guide lacks one of the two markers around the table.

    """
    before, _, rest = guide.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the guide needs the markers {BEGIN!r} and {END!r} around the table")
    rows = "".join(_row(name, field) for name, field in Settings.model_fields.items())
    head = "| variable | default | accepted | meaning |\n| --- | --- | --- | --- |\n"
    table = f"\n{head}{rows}\n"
    return before + BEGIN + table + END + after


def _row(name: str, field: FieldInfo) -> str:
    cells = (f"`{variable_of(name)}`", _default(field.default), accepted_words(field))
    return f"| {' | '.join(cells)} | {field.description} |\n"


def _default(value: object) -> str:
    if value is None or value == ():
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    GUIDE.write_text(with_settings_table(GUIDE.read_text()))
