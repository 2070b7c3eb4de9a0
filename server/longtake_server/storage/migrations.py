# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The database schema, as numbered migrations from one version to the next."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Callable

from longtake_server.storage import usage_table
from longtake_server.storage.v1 import record_pb2
from longtake_server.storage.webhook_schema import WEBHOOK_TABLES

_Step = str | Callable[[sqlite3.Connection], None]

APPLICATION_ID = 0x4C544B31
"""The application id in SQLite's header, which identifies a Longtake database."""

# Times are microseconds since 1970-01-01 UTC. The other columns copy fields of `record` for
# searches. Of these, only state, revision, expire_time and upstream_operation ever change.
# `position` is a counter of all changes in the store.
_VERSION_1 = (
    f"PRAGMA application_id = {APPLICATION_ID}",
    """
    CREATE TABLE meta (
        only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
        position INTEGER NOT NULL,
        compacted INTEGER NOT NULL
    ) STRICT
    """,
    "INSERT INTO meta VALUES (1, 0, 0)",
    """
    CREATE TABLE operations (
        name TEXT NOT NULL PRIMARY KEY,
        position INTEGER NOT NULL UNIQUE,
        revision INTEGER NOT NULL,
        caller TEXT NOT NULL,
        request_id TEXT NOT NULL,
        state TEXT NOT NULL,
        model TEXT NOT NULL,
        create_time INTEGER NOT NULL,
        expire_time INTEGER,
        record BLOB NOT NULL
    ) STRICT
    """,
    "CREATE INDEX operations_newest ON operations (create_time, name)",
    "CREATE INDEX operations_caller ON operations (caller, create_time, name)",
    "CREATE INDEX operations_state ON operations (state, create_time, name)",
    "CREATE INDEX operations_model ON operations (model, create_time, name)",
    """
    CREATE INDEX operations_expire ON operations (expire_time)
    WHERE expire_time IS NOT NULL
    """,
    """
    CREATE TABLE requests (
        name TEXT NOT NULL PRIMARY KEY REFERENCES operations ON DELETE CASCADE,
        request BLOB NOT NULL
    ) STRICT
    """,
    """
    CREATE TABLE labels (
        name TEXT NOT NULL REFERENCES operations ON DELETE CASCADE,
        key TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (name, key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE request_ids (
        caller TEXT NOT NULL,
        request_id TEXT NOT NULL,
        name TEXT NOT NULL,
        PRIMARY KEY (caller, request_id)
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX request_ids_name ON request_ids (name)",
    """
    CREATE TABLE tombstones (
        name TEXT NOT NULL PRIMARY KEY,
        position INTEGER NOT NULL UNIQUE,
        kind TEXT NOT NULL CHECK (kind IN ('deleted', 'expired')),
        time INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX tombstones_time ON tombstones (time)",
    """
    CREATE TABLE work (
        name TEXT NOT NULL PRIMARY KEY REFERENCES operations ON DELETE CASCADE,
        due INTEGER NOT NULL,
        owner TEXT,
        lease_until INTEGER,
        wake_due INTEGER,
        CHECK ((owner IS NULL) = (lease_until IS NULL))
    ) STRICT, WITHOUT ROWID
    """,
    "CREATE INDEX work_due ON work (due, name)",
    "CREATE INDEX work_free ON work (due) WHERE owner IS NULL",
    "CREATE INDEX work_leased ON work (lease_until) WHERE owner IS NOT NULL",
)

# The upstream's name of an operation, to find the operation when the upstream pushes an event.
_VERSION_2 = (
    "ALTER TABLE operations ADD COLUMN upstream_operation TEXT NOT NULL DEFAULT ''",
    "UPDATE operations SET upstream_operation = recorded_upstream_operation(record)",
    """
    CREATE INDEX operations_upstream ON operations (upstream_operation, create_time, name)
    WHERE upstream_operation <> ''
    """,
)

# Latencies of generations. `weights` is a JSON array of [seconds, weight] pairs.
_VERSION_3 = (
    """
    CREATE TABLE latencies (
        upstream TEXT NOT NULL,
        model TEXT NOT NULL,
        resolution TEXT NOT NULL,
        seconds INTEGER NOT NULL,
        weights TEXT NOT NULL,
        PRIMARY KEY (upstream, model, resolution, seconds)
    ) STRICT, WITHOUT ROWID
    """,
)

# Usage per day, caller and model. `day` is the UTC day of acceptance, as YYYY-MM-DD.
_VERSION_4: tuple[_Step, ...] = (
    """
    CREATE TABLE usage (
        day TEXT NOT NULL,
        caller TEXT NOT NULL,
        model TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        succeeded INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        cancelled INTEGER NOT NULL,
        deleted INTEGER NOT NULL,
        unpriced INTEGER NOT NULL,
        billed_milliseconds INTEGER NOT NULL,
        reserved_micros INTEGER NOT NULL,
        settled_micros INTEGER NOT NULL,
        PRIMARY KEY (day, caller, model)
    ) STRICT, WITHOUT ROWID
    """,
    usage_table.count_all,
)

# The caller of a deleted operation. Older tombstones count as those of the caller without a name.
_VERSION_5 = ("ALTER TABLE tombstones ADD COLUMN caller TEXT NOT NULL DEFAULT ''",)


def _make_position_key(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE meta SET position_key = ?", (secrets.token_bytes(32),))


# The key that seals the positions given to callers. It is stored here so that positions stay valid
# after a restore from a backup.
_VERSION_6: tuple[_Step, ...] = (
    "ALTER TABLE meta ADD COLUMN position_key BLOB NOT NULL DEFAULT x''",
    _make_position_key,
)

# API keys. Only the hash of a secret is stored. `roles` are separated by commas, `labels` are JSON.
# `key_version` counts the changes of keys, so that a server reads them only after a change.
_VERSION_7 = (
    "ALTER TABLE meta ADD COLUMN key_version INTEGER NOT NULL DEFAULT 0",
    """
    CREATE TABLE keys (
        id TEXT NOT NULL PRIMARY KEY,
        hash BLOB NOT NULL,
        last_four TEXT NOT NULL,
        principal TEXT NOT NULL,
        roles TEXT NOT NULL,
        labels TEXT NOT NULL,
        create_time INTEGER NOT NULL,
        expire_time INTEGER,
        revoke_time INTEGER,
        last_use_time INTEGER
    ) STRICT, WITHOUT ROWID
    """,
)

# Usage per label, too. Those of deleted operations are not known, so their usage has no label.
_VERSION_8: tuple[_Step, ...] = (
    "CREATE INDEX usage_caller ON usage (caller, day)",
    """
    CREATE TABLE label_usage (
        key TEXT NOT NULL,
        caller TEXT NOT NULL,
        day TEXT NOT NULL,
        model TEXT NOT NULL,
        value TEXT NOT NULL,
        accepted INTEGER NOT NULL,
        succeeded INTEGER NOT NULL,
        failed INTEGER NOT NULL,
        cancelled INTEGER NOT NULL,
        deleted INTEGER NOT NULL,
        unpriced INTEGER NOT NULL,
        billed_milliseconds INTEGER NOT NULL,
        reserved_micros INTEGER NOT NULL,
        settled_micros INTEGER NOT NULL,
        PRIMARY KEY (key, caller, day, model, value)
    ) STRICT, WITHOUT ROWID
    """,
    usage_table.count_labels,
)

# The number of queued operations of each caller. Each new operation needs it, and a count would
# read the whole queue. Triggers keep it, so that no statement can forget it.
_QUEUE_LENGTHS = (
    """
    CREATE TABLE queue_lengths (
        caller TEXT NOT NULL PRIMARY KEY,
        queued INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    INSERT INTO queue_lengths
    SELECT caller, count(*) FROM operations WHERE state = 'QUEUED' GROUP BY caller
    """,
    """
    CREATE TRIGGER queue_entered AFTER INSERT ON operations WHEN NEW.state = 'QUEUED' BEGIN
        INSERT INTO queue_lengths VALUES (NEW.caller, 1)
        ON CONFLICT (caller) DO UPDATE SET queued = queued + 1;
    END
    """,
    """
    CREATE TRIGGER queue_reentered AFTER UPDATE OF state ON operations
    WHEN NEW.state = 'QUEUED' AND OLD.state <> 'QUEUED' BEGIN
        UPDATE queue_lengths SET queued = queued + 1 WHERE caller = NEW.caller;
    END
    """,
    """
    CREATE TRIGGER queue_left AFTER UPDATE OF state ON operations
    WHEN NEW.state <> 'QUEUED' AND OLD.state = 'QUEUED' BEGIN
        UPDATE queue_lengths SET queued = queued - 1 WHERE caller = OLD.caller;
    END
    """,
    """
    CREATE TRIGGER queue_deleted AFTER DELETE ON operations WHEN OLD.state = 'QUEUED' BEGIN
        UPDATE queue_lengths SET queued = queued - 1 WHERE caller = OLD.caller;
    END
    """,
)

# Limits and budgets. A budget's period is its key, so no row is ever reset. `principal` keeps what
# outlives a call: the roles, for the limits of roles, and the rate of requests.
_VERSION_9: tuple[_Step, ...] = (
    """
    CREATE TABLE budget_limits (
        subject TEXT NOT NULL,
        source TEXT NOT NULL CHECK (source IN ('command', 'file')),
        document TEXT NOT NULL,
        limits_concurrency INTEGER NOT NULL,
        PRIMARY KEY (subject, source)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE INDEX budget_limits_concurrency ON budget_limits (limits_concurrency)
    WHERE limits_concurrency
    """,
    """
    CREATE TABLE budget_spending (
        subject TEXT NOT NULL,
        period_key TEXT NOT NULL,
        reserved_micros INTEGER NOT NULL,
        spent_micros INTEGER NOT NULL,
        reserved_milliseconds INTEGER NOT NULL,
        spent_milliseconds INTEGER NOT NULL,
        PRIMARY KEY (subject, period_key)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE budget_principals (
        principal TEXT NOT NULL PRIMARY KEY,
        roles TEXT NOT NULL,
        level INTEGER NOT NULL,
        level_time INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE budget_events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        subject TEXT NOT NULL,
        period_key TEXT NOT NULL,
        measure TEXT NOT NULL,
        percent INTEGER NOT NULL,
        time INTEGER NOT NULL,
        UNIQUE (subject, period_key, measure, percent)
    ) STRICT
    """,
    *_QUEUE_LENGTHS,
)

# The replica that is the engine, the number of its term, and a number for each lease.
_VERSION_10 = (
    "ALTER TABLE meta ADD COLUMN engine TEXT",
    "ALTER TABLE meta ADD COLUMN epoch INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE meta ADD COLUMN leases INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE work ADD COLUMN lease INTEGER NOT NULL DEFAULT 0",
)

# The keys that sign addresses of videos.
_VERSION_11 = (
    """
    CREATE TABLE signing_keys (
        id TEXT NOT NULL PRIMARY KEY,
        secret BLOB NOT NULL,
        create_time INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID
    """,
)

# The public key of a key's credentials file, and how the key gets results on Google's wire.
_VERSION_12 = (
    "ALTER TABLE keys ADD COLUMN public_key TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE keys ADD COLUMN google_results TEXT NOT NULL DEFAULT ''",
)

_MIGRATIONS: tuple[tuple[_Step, ...], ...] = (
    _VERSION_1,
    _VERSION_2,
    _VERSION_3,
    _VERSION_4,
    _VERSION_5,
    _VERSION_6,
    _VERSION_7,
    _VERSION_8,
    _VERSION_9,
    _VERSION_10,
    _VERSION_11,
    _VERSION_12,
    WEBHOOK_TABLES,
)

NEWEST_VERSION = len(_MIGRATIONS)
"""The schema version that this server writes to PRAGMA user_version."""


def schema_version(connection: sqlite3.Connection) -> int:
    """Return the schema version of the database; 0 if the database is empty."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def migrate(connection: sqlite3.Connection) -> None:
    """Migrate the schema to NEWEST_VERSION in one transaction.

    Raises:
        sqlite3.Error: A step failed; nothing was changed.

    """
    version = schema_version(connection)
    if version == NEWEST_VERSION:
        return
    connection.create_function(
        "recorded_upstream_operation", 1, _recorded_upstream_operation, deterministic=True
    )
    connection.execute("BEGIN IMMEDIATE")
    try:
        for steps in _MIGRATIONS[version:]:
            for step in steps:
                if isinstance(step, str):
                    connection.execute(step)
                else:
                    step(connection)
        connection.execute(f"PRAGMA user_version = {NEWEST_VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def _recorded_upstream_operation(record: bytes) -> str:
    return record_pb2.OperationRecord.FromString(record).upstream_operation
