# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Which rows of an SQLite store become which rows in PostgreSQL."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longtake_server.operations.accounting import SUMS
from longtake_server.storage.webhook_rows import DELIVERY_COLUMNS, WEBHOOK_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """A table that both stores have under one name.

    Attributes:
        name: Its name.
        key: The columns that order it, the same way in both stores.
        others: Its other columns.
        selected: SQLite's expressions for columns that it stores elsewhere.
        converted: What turns SQLite's values of a column into PostgreSQL's, where they differ.
    """

    name: str
    key: tuple[str, ...]
    others: tuple[str, ...] = ()
    selected: Mapping[str, str] = field(default_factory=dict)
    converted: Mapping[str, Callable[[Any], object]] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns."""
        return (*self.key, *self.others)

    @property
    def sqlite_query(self) -> str:
        """The statement that reads the rows from SQLite in order."""
        columns = ", ".join(self.selected.get(name, name) for name in self.columns)
        return f"SELECT {columns} FROM {self.name} ORDER BY {', '.join(self.key)}"  # noqa: S608 - constants

    @property
    def postgres_query(self) -> str:
        """The statement that reads the rows from PostgreSQL in order."""
        columns = ", ".join(self.columns)
        return f"SELECT {columns} FROM {self.name} ORDER BY {', '.join(self.key)}"  # noqa: S608 - constants


_LABELS = "(SELECT json_group_object(key, value) FROM labels WHERE labels.name = operations.name)"

COPIED_TABLES: tuple[CopiedTable, ...] = (
    CopiedTable(
        "operations",
        ("name",),
        (
            *("position", "revision", "caller", "state", "model", "labels", "create_time"),
            *("expire_time", "upstream_operation", "record"),
        ),
        selected={"labels": _LABELS},
        converted={"labels": json.loads},
    ),
    CopiedTable("requests", ("name",), ("request",)),
    CopiedTable("request_ids", ("caller", "request_id"), ("name",)),
    CopiedTable("tombstones", ("name",), ("position", "kind", "time", "caller")),
    CopiedTable("work", ("name",), ("due", "owner", "lease", "lease_until", "wake_due")),
    CopiedTable("queue_lengths", ("caller",), ("queued",)),
    CopiedTable("latencies", ("upstream", "model", "resolution", "seconds"), ("weights",)),
    CopiedTable("usage", ("day", "caller", "model"), SUMS),
    CopiedTable("label_usage", ("key", "caller", "day", "model", "value"), SUMS),
    CopiedTable(
        "keys",
        ("id",),
        (
            *("hash", "last_four", "principal", "roles", "labels"),
            *("create_time", "expire_time", "revoke_time", "last_use_time"),
            *("public_key", "google_results"),
        ),
    ),
    CopiedTable("signing_keys", ("id",), ("secret", "create_time")),
    CopiedTable(
        "budget_limits",
        ("subject", "source"),
        ("document", "limits_concurrency"),
        converted={"limits_concurrency": bool},
    ),
    CopiedTable(
        "budget_spending",
        ("subject", "period_key"),
        ("reserved_micros", "spent_micros", "reserved_milliseconds", "spent_milliseconds"),
    ),
    CopiedTable("budget_principals", ("principal",), ("roles", "level", "level_time")),
    CopiedTable(
        "budget_events", ("number",), ("subject", "period_key", "measure", "percent", "time")
    ),
    CopiedTable(
        "webhooks",
        WEBHOOK_COLUMNS[:2],
        WEBHOOK_COLUMNS[2:],
        converted={"from_file": bool},
    ),
    CopiedTable("webhook_deliveries", DELIVERY_COLUMNS[:1], (*DELIVERY_COLUMNS[1:], "payload")),
)
"""Every table but `meta`, whose only row is updated."""
