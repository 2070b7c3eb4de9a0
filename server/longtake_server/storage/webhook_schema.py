# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The migration that makes the tables of webhooks and of the deliveries of events to them."""

from __future__ import annotations

WEBHOOK_TABLES = (
    """
    CREATE TABLE webhooks (
        principal TEXT NOT NULL,
        id TEXT NOT NULL,
        url TEXT NOT NULL,
        event_types TEXT NOT NULL,
        secret BLOB NOT NULL,
        previous_secret BLOB,
        previous_secret_expire_time INTEGER,
        create_time INTEGER NOT NULL,
        update_time INTEGER NOT NULL,
        version INTEGER NOT NULL,
        disable_reason TEXT,
        disable_time INTEGER,
        failing_since INTEGER,
        from_file INTEGER NOT NULL,
        PRIMARY KEY (principal, id)
    ) STRICT, WITHOUT ROWID
    """,
    """
    CREATE TABLE webhook_deliveries (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        principal TEXT NOT NULL,
        webhook TEXT NOT NULL,
        event_id TEXT NOT NULL,
        event_type TEXT NOT NULL,
        event_time INTEGER NOT NULL,
        operation TEXT NOT NULL,
        payload BLOB NOT NULL,
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL,
        due INTEGER,
        attempt_time INTEGER,
        attempt_micros INTEGER,
        failure TEXT,
        http_status INTEGER,
        end_time INTEGER,
        UNIQUE (principal, webhook, event_id)
    ) STRICT
    """,
    """
    CREATE INDEX webhook_deliveries_newest
    ON webhook_deliveries (principal, webhook, event_time, event_id)
    """,
    """
    CREATE INDEX webhook_deliveries_state
    ON webhook_deliveries (principal, webhook, state, event_time, event_id)
    """,
    """
    CREATE INDEX webhook_deliveries_due ON webhook_deliveries (principal, webhook, due, number)
    WHERE state = 'PENDING'
    """,
    """
    CREATE INDEX webhook_deliveries_next ON webhook_deliveries (due) WHERE state = 'PENDING'
    """,
    """
    CREATE INDEX webhook_deliveries_ended ON webhook_deliveries (state, end_time)
    WHERE end_time IS NOT NULL
    """,
)
"""The statements. `number` identifies a delivery for the sender, and is never used again."""
