# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The database schema, as numbered migrations from one version to the next.

Servers of two neighbouring versions run side by side while the newer one is rolled out: the older
ones go on with the schema that the newer one made. So a migration only adds what the older version
can do without, and what is not needed any more is removed one version later.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from longtake_server.errors import StartFailure
from longtake_server.operations.accounting import SUMS

if TYPE_CHECKING:
    from psycopg import Connection

    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.query import Row

_SUMS = ", ".join(f"{name} bigint NOT NULL" for name in SUMS)

# Times are microseconds since 1970-01-01 UTC. Text is in the order of its code points, as in every
# store. There are no foreign keys: each of them would be a look-up for every write.
# `meta` has one row, which every group of writes locks. `engine` is the replica that is the engine.
_VERSION_1 = f"""
CREATE TABLE meta (
    only_row int PRIMARY KEY CHECK (only_row = 1),
    position bigint NOT NULL,
    compacted bigint NOT NULL,
    key_version bigint NOT NULL,
    position_key bytea NOT NULL,
    epoch bigint NOT NULL,
    engine text COLLATE "C",
    engine_until timestamptz
) WITH (fillfactor = 50);

CREATE TABLE operations (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    revision bigint NOT NULL,
    caller text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    labels jsonb NOT NULL,
    create_time bigint NOT NULL,
    expire_time bigint,
    upstream_operation text COLLATE "C" NOT NULL,
    record bytea NOT NULL
);
CREATE INDEX operations_newest ON operations (create_time, name);
CREATE INDEX operations_caller ON operations (caller, create_time, name);
CREATE INDEX operations_state ON operations (state, create_time, name);
CREATE INDEX operations_model ON operations (model, create_time, name);
CREATE INDEX operations_labels ON operations USING gin (labels jsonb_path_ops);
CREATE INDEX operations_expire ON operations (expire_time) WHERE expire_time IS NOT NULL;
CREATE INDEX operations_upstream ON operations (upstream_operation, create_time, name)
    WHERE upstream_operation <> '';

CREATE TABLE requests (
    name text COLLATE "C" PRIMARY KEY,
    request bytea NOT NULL,
    early_since timestamptz
);
ALTER TABLE requests ALTER request SET STORAGE EXTERNAL;
CREATE INDEX requests_early ON requests (early_since) WHERE early_since IS NOT NULL;

CREATE TABLE request_ids (
    caller text COLLATE "C" NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (caller, request_id)
);
CREATE INDEX request_ids_name ON request_ids (name);

CREATE TABLE tombstones (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL UNIQUE,
    kind text COLLATE "C" NOT NULL CHECK (kind IN ('deleted', 'expired')),
    time bigint NOT NULL,
    caller text COLLATE "C" NOT NULL
);
CREATE INDEX tombstones_time ON tombstones (time);

CREATE TABLE work (
    name text COLLATE "C" PRIMARY KEY,
    due bigint NOT NULL,
    owner text COLLATE "C",
    lease bigint NOT NULL DEFAULT 0,
    lease_until bigint,
    wake_due bigint,
    CHECK ((owner IS NULL) = (lease_until IS NULL))
);
CREATE SEQUENCE work_leases;
CREATE INDEX work_due ON work (due, name);
CREATE INDEX work_free ON work (due) WHERE owner IS NULL;
CREATE INDEX work_leased ON work (lease_until) WHERE owner IS NOT NULL;

CREATE TABLE queue_lengths (
    caller text COLLATE "C" PRIMARY KEY,
    queued bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE latencies (
    upstream text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    resolution text COLLATE "C" NOT NULL,
    seconds int NOT NULL,
    weights text NOT NULL,
    PRIMARY KEY (upstream, model, resolution, seconds)
);

CREATE TABLE usage (
    day text COLLATE "C" NOT NULL,
    caller text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    {_SUMS},
    PRIMARY KEY (day, caller, model)
) WITH (fillfactor = 50);
CREATE INDEX usage_caller ON usage (caller, day);

CREATE TABLE label_usage (
    key text COLLATE "C" NOT NULL,
    caller text COLLATE "C" NOT NULL,
    day text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    {_SUMS},
    PRIMARY KEY (key, caller, day, model, value)
) WITH (fillfactor = 50);

CREATE TABLE keys (
    id text COLLATE "C" PRIMARY KEY,
    hash bytea NOT NULL,
    last_four text NOT NULL,
    principal text COLLATE "C" NOT NULL,
    roles text NOT NULL,
    labels text NOT NULL,
    create_time bigint NOT NULL,
    expire_time bigint,
    revoke_time bigint,
    last_use_time bigint
);

CREATE TABLE budget_limits (
    subject text COLLATE "C" NOT NULL,
    source text COLLATE "C" NOT NULL CHECK (source IN ('command', 'file')),
    document text NOT NULL,
    limits_concurrency boolean NOT NULL,
    PRIMARY KEY (subject, source)
);
CREATE INDEX budget_limits_concurrency ON budget_limits (subject) WHERE limits_concurrency;

CREATE TABLE budget_spending (
    subject text COLLATE "C" NOT NULL,
    period_key text COLLATE "C" NOT NULL,
    reserved_micros bigint NOT NULL,
    spent_micros bigint NOT NULL,
    reserved_milliseconds bigint NOT NULL,
    spent_milliseconds bigint NOT NULL,
    PRIMARY KEY (subject, period_key)
) WITH (fillfactor = 50);

CREATE TABLE budget_principals (
    principal text COLLATE "C" PRIMARY KEY,
    roles text NOT NULL,
    level bigint NOT NULL,
    level_time bigint NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE budget_events (
    number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    subject text COLLATE "C" NOT NULL,
    period_key text COLLATE "C" NOT NULL,
    measure text COLLATE "C" NOT NULL,
    percent bigint NOT NULL,
    time bigint NOT NULL,
    UNIQUE (subject, period_key, measure, percent)
);
"""

# What all replicas agree on: see operations.agreement_store. `upstreams` is a JSON object.
_VERSION_2 = """
ALTER TABLE meta ADD COLUMN upstreams text, ADD COLUMN is_held boolean NOT NULL DEFAULT false;
"""

# The keys that sign addresses of videos.
_VERSION_3 = """
CREATE TABLE signing_keys (
    id text COLLATE "C" PRIMARY KEY,
    secret bytea NOT NULL,
    create_time bigint NOT NULL
);
"""

# The public key of a key's credentials file, and how the key gets results on Google's wire.
_VERSION_4 = """
ALTER TABLE keys
    ADD COLUMN public_key text NOT NULL DEFAULT '',
    ADD COLUMN google_results text NOT NULL DEFAULT '';
"""

# Webhooks and the deliveries of events to them. `number` identifies a delivery for the sender.
_VERSION_5 = """
CREATE TABLE webhooks (
    principal text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL,
    event_types text COLLATE "C" NOT NULL,
    secret bytea NOT NULL,
    previous_secret bytea,
    previous_secret_expire_time bigint,
    create_time bigint NOT NULL,
    update_time bigint NOT NULL,
    version bigint NOT NULL,
    disable_reason text COLLATE "C",
    disable_time bigint,
    failing_since bigint,
    from_file boolean NOT NULL,
    PRIMARY KEY (principal, id)
);

CREATE TABLE webhook_deliveries (
    number bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    principal text COLLATE "C" NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    event_id text COLLATE "C" NOT NULL,
    event_type text COLLATE "C" NOT NULL,
    event_time bigint NOT NULL,
    operation text COLLATE "C" NOT NULL,
    payload bytea NOT NULL,
    state text COLLATE "C" NOT NULL,
    attempts bigint NOT NULL,
    due bigint,
    attempt_time bigint,
    attempt_micros bigint,
    failure text COLLATE "C",
    http_status bigint,
    end_time bigint,
    UNIQUE (principal, webhook, event_id)
);
CREATE INDEX webhook_deliveries_newest
    ON webhook_deliveries (principal, webhook, event_time, event_id);
CREATE INDEX webhook_deliveries_state
    ON webhook_deliveries (principal, webhook, state, event_time, event_id);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (principal, webhook, due, number)
    WHERE state = 'PENDING';
CREATE INDEX webhook_deliveries_next ON webhook_deliveries (due) WHERE state = 'PENDING';
CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (state, end_time)
    WHERE end_time IS NOT NULL;
"""

_MIGRATIONS: tuple[str, ...] = (_VERSION_1, _VERSION_2, _VERSION_3, _VERSION_4, _VERSION_5)

NEWEST_VERSION = len(_MIGRATIONS)
"""The schema version that this server makes."""

_LOCK = 0x4C544B31
_MIGRATION_LOCK = "SELECT pg_advisory_xact_lock(%s, hashtext(current_schema()))"
_HAS_TABLE = """
    SELECT EXISTS (
        SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        WHERE relname = %s AND nspname = ANY (current_schemas(false))
    )
"""
# Not every version of PostgreSQL has each of them.
_MIGRATION_LIMITS = """
    SELECT set_config(name, '0', true) FROM pg_settings WHERE name IN (
        'idle_in_transaction_session_timeout', 'lock_timeout', 'statement_timeout',
        'transaction_timeout'
    )
"""


def schema_version(connection: Connection[Row]) -> int:
    """Return the schema version of the database; 0 if it has none."""
    if not _has_table(connection, "longtake_schema"):
        return 0
    version: int = _value(connection, "SELECT version FROM longtake_schema")
    return version


def migrate(connection: Connection[Row], address: DatabaseAddress) -> int:
    """Migrate the schema to NEWEST_VERSION in one transaction, and return the version before.

    Several servers that start at the same time do it one after another. Blocks.

    Raises:
        StartFailure: The schema is a newer server's, or not Longtake's.
        psycopg.Error: The database refused; nothing was changed.

    """
    version = schema_version(connection)
    if version < NEWEST_VERSION:
        version = migrate_within(connection, address)
    refuse_newer(address, version)
    connection.commit()
    return version


def migrate_within(connection: Connection[Row], address: DatabaseAddress) -> int:
    """Migrate as `migrate` does, but leave the transaction open, without limits of time."""
    connection.execute(_MIGRATION_LIMITS)
    connection.execute(_MIGRATION_LOCK, (_LOCK,))
    version = schema_version(connection)
    refuse_newer(address, version)
    _apply(connection, address, version)
    return version


def check_version(connection: Connection[Row], address: DatabaseAddress) -> None:
    """Refuse a schema that is not the newest. Changes nothing.

    Raises:
        StartFailure: It is older or newer.

    """
    version = schema_version(connection)
    refuse_newer(address, version)
    if version < NEWEST_VERSION:
        raise StartFailure(
            f"the database {address} has schema version {version}; `longtake-server migrate`, or "
            f"the start of this server, brings it to version {NEWEST_VERSION}"
        )


def refuse_newer(address: DatabaseAddress, version: int) -> None:
    """Raise StartFailure for a version that this program does not know."""
    if version > NEWEST_VERSION:
        raise StartFailure(
            f"the database {address} has schema version {version} and this server knows versions "
            f"up to {NEWEST_VERSION}; start the newer server that made it"
        )


def _apply(connection: Connection[Row], address: DatabaseAddress, version: int) -> None:
    if version == NEWEST_VERSION:
        return
    if version == 0:
        if _has_table(connection, "operations"):
            raise StartFailure(
                f"the database {address} has tables of another program; name an empty database "
                "in LONGTAKE_DATABASE_URL, or an empty schema in its options"
            )
        connection.execute("CREATE TABLE longtake_schema (version int NOT NULL)")
        connection.execute("INSERT INTO longtake_schema VALUES (0)")
    for statements in _MIGRATIONS[version:]:
        connection.execute(statements)
    if version == 0:
        connection.execute(
            "INSERT INTO meta VALUES (1, 0, 0, 0, %s, 0, NULL, NULL)", (secrets.token_bytes(32),)
        )
    connection.execute("UPDATE longtake_schema SET version = %s", (NEWEST_VERSION,))


def _has_table(connection: Connection[Row], name: str) -> bool:
    # The names that to_regclass() finds are cached: what another server made while this one waited
    # for the lock, it may not see.
    found: bool = _value(connection, _HAS_TABLE, name)
    return found


def _value(connection: Connection[Row], sql: str, *values: object) -> Any:
    found = connection.execute(sql, values).fetchone()
    return None if found is None else found[0]
