# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Translates errors of PostgreSQL into errors of the domain.

The text of an error may quote stored values, so only its code is passed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import StorageUnavailable

if TYPE_CHECKING:
    import psycopg

_UNREACHABLE = "the database cannot be reached"
_CAUSES = {
    "25006": "the database is read-only",
    "25P03": "the server paused in the middle of a transaction",
    "25P04": "the database took too long",
    "53100": "the disk of the database is full",
    "53200": "the database has not enough memory",
    "53300": "the database has no connection left",
    "54000": "a value is too large",
    "55P03": "another server locks the database for too long",
    "57014": "the database took too long",
}
_CONNECTION_CLASSES = ("08", "57P")


def cause_of(error: psycopg.Error) -> str:
    """Return a short cause for a caller, without addresses, SQL or values."""
    code = error.sqlstate
    if code is None or code.startswith(_CONNECTION_CLASSES):
        return _UNREACHABLE
    return _CAUSES.get(code, f"PostgreSQL refused with {code}")


def unavailable(error: psycopg.Error) -> StorageUnavailable:
    """Return the error that the store raises in place of PostgreSQL's."""
    return StorageUnavailable(cause_of(error))
