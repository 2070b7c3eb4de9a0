# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The cursors of lists of operations, whatever the store."""

from __future__ import annotations

import base64
import binascii
import json

_CURSOR_MARK = "1"


def encode_cursor(create_time: int, name: str) -> str:
    """Return the cursor of a page that ends with an operation."""
    text = f"{_CURSOR_MARK} {create_time} {name}"
    return base64.urlsafe_b64encode(text.encode()).decode()


def decode_cursor(cursor: str) -> tuple[int, str]:
    """Return the create_time in microseconds and the name that a page ends with.

    Raises:
        ValueError: `encode_cursor` did not make the cursor.

    """
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode()
        mark, create_time, name = text.split(" ", 2)
        position = int(create_time), name
    except (binascii.Error, ValueError) as error:
        raise ValueError("the cursor is not one of this store's") from error
    if mark != _CURSOR_MARK or encode_cursor(*position) != cursor:
        raise ValueError("the cursor is not one of this store's")
    return position


def encode_pair(principal: str, name: str) -> str:
    """Return the cursor of a page that ends with a webhook of a principal."""
    return base64.urlsafe_b64encode(json.dumps([principal, name]).encode()).decode()


def decode_pair(cursor: str) -> tuple[str, str]:
    """Return the principal and the id of the webhook that a page ends with.

    Raises:
        ValueError: `encode_pair` did not make the cursor.

    """
    try:
        principal, name = json.loads(base64.b64decode(cursor, altchars=b"-_", validate=True))
        pair = str(principal), str(name)
    except (binascii.Error, TypeError, ValueError) as error:
        raise ValueError("the cursor is not one of this store's") from error
    if encode_pair(*pair) != cursor:
        raise ValueError("the cursor is not one of this store's")
    return pair
