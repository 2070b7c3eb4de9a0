# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Words for faults in files that operators write, in place of the libraries' own. No I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import tomllib
    from collections.abc import Mapping
    from pathlib import Path

    from pydantic_core import ErrorDetails

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")
# By the first word of pydantic's error types; the context has the limits.
_KINDS: Mapping[str, str] = {
    "missing": "is missing",
    "extra_forbidden": "is not known",
    "int": "accepted is a whole number",
    "float": "accepted is a number",
    "bool": "accepted is true or false",
    "string": "accepted is a text",
    "date": "accepted is a date, YYYY-MM-DD",
    "tuple": "accepted is a list",
    "frozen_set": "accepted is a list",
    "model": "accepted is a table",
    "too_short": "accepted is a list with at least {min_length} entries",
    "too_long": "accepted is a list with at most {max_length} entries",
    "enum": "accepted is {expected}",
    "literal_error": "accepted is {expected}",
    "greater_than_equal": "accepted is {ge} or more",
    "greater_than": "accepted is more than {gt}",
    "less_than_equal": "accepted is {le} or less",
}


def syntax_fault(file: Path, error: tomllib.TOMLDecodeError, example: str) -> str:
    """Return where a file is not TOML, and what a line of it looks like."""
    place = _PLACE.search(str(error))
    where = f"{file}, line {place[1]}, column {place[2]}" if place else f"{file}, at its end"
    if "overwrite" in str(error):
        return f"{where}: this key is given twice"
    return f"{where}: this is not TOML; an entry is written as {example}"


def own_words(fault: ErrorDetails) -> str | None:
    """Return the words of a validator of ours, or None if the fault is the library's."""
    error = fault.get("ctx", {}).get("error")
    own = fault["type"] == "value_error" and isinstance(error, ValueError)
    return str(error) if own else None


def words_of(fault: ErrorDetails) -> str:
    """Return what is wrong with a value, without the value."""
    if (own := own_words(fault)) is not None:
        return own
    kind = fault["type"]
    words = _KINDS.get(kind) or _KINDS.get(kind.partition("_")[0], "this value is not accepted")
    return words.format_map(fault.get("ctx", {}))
