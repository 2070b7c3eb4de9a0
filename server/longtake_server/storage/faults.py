# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Translates errors of SQLite into errors of the domain."""

from __future__ import annotations

import sqlite3

from longtake_server.errors import StorageUnavailable

_CAUSES = {
    sqlite3.SQLITE_FULL: "the disk is full",
    sqlite3.SQLITE_IOERR: "the disk has an input/output error",
    sqlite3.SQLITE_BUSY: "the database is locked by another program",
    sqlite3.SQLITE_LOCKED: "the database is locked by another program",
    sqlite3.SQLITE_READONLY: "the database is read-only",
    sqlite3.SQLITE_CORRUPT: "the database is damaged",
    sqlite3.SQLITE_NOTADB: "the database is damaged",
    sqlite3.SQLITE_CANTOPEN: "the database cannot be opened",
    sqlite3.SQLITE_NOMEM: "there is not enough memory",
    sqlite3.SQLITE_TOOBIG: "a value is too large",
}
_PRIMARY_CODE = 0xFF


def cause_of(error: sqlite3.Error) -> str:
    """Return a short cause for a caller, without paths or SQL."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return _CAUSES.get(code & _PRIMARY_CODE, f"SQLite refused with {name}")


def unavailable(error: sqlite3.Error) -> StorageUnavailable:
    """Return the error that the store raises in place of SQLite's."""
    refused = StorageUnavailable(cause_of(error))
    refused.__cause__ = error
    return refused
