# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads pushed documents and finds strings that may name an operation of an upstream."""

from __future__ import annotations

import json
from typing import Any

from longtake_server.push.faults import Unreadable

_MOST_NAMES = 64
_LONGEST_NAME = 512


def read_json(text: bytes) -> Any:
    """Return the JSON value.

    Raises:
        Unreadable: The text is not JSON, or is nested too deeply.

    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is not JSON") from error


def possible_names(document: Any) -> tuple[str, ...]:
    """Return the first 64 different strings of a JSON value, in document order.

    Not every sender documents which field holds the name. A string that is not a
    name matches no operation.
    """
    names: dict[str, None] = {}
    left = [document]
    while left and len(names) < _MOST_NAMES:
        value = left.pop()
        if isinstance(value, dict):
            left.extend(reversed(value.values()))
        elif isinstance(value, list):
            left.extend(reversed(value))
        elif isinstance(value, str) and 0 < len(value) <= _LONGEST_NAME:
            names[value] = None
    return tuple(names)
