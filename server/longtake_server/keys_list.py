# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Shows API keys as a table or as JSON, without their secrets."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longtake_server.command_text import table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from longtake_server.identity.key_store import StoredKey

_HEAD = (
    *("id", "ends in", "principal", "roles", "labels"),
    *("created", "expires", "revoked", "last use"),
)


def as_json(keys: Sequence[StoredKey]) -> str:
    """Return a JSON array."""
    return json.dumps([fields_of(key) for key in keys], indent=2) + "\n"


def as_table(keys: Sequence[StoredKey]) -> str:
    """Return a table with a head."""
    return table([_HEAD, *map(_row, keys)], len(_HEAD))


def fields_of(key: StoredKey) -> Mapping[str, object]:
    """Return the fields of a key for JSON. Times are in RFC 3339, null if there is none."""
    return {
        "id": key.id,
        "last_four": key.last_four,
        "principal": key.principal,
        "roles": sorted(role.value for role in key.roles),
        "labels": dict(key.labels),
        "create_time": time_text(key.create_time),
        **{
            name: None if time is None else time_text(time)
            for name, time in (
                ("expire_time", key.expire_time),
                ("revoke_time", key.revoke_time),
                ("last_use_time", key.last_use_time),
            )
        },
        "has_google_credentials": key.public_key != "",
        "google_results": key.google_results or None,
    }


def time_text(time: datetime) -> str:
    """Return a time in RFC 3339, in UTC and whole seconds."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"


def _row(key: StoredKey) -> tuple[str, ...]:
    times = (key.expire_time, key.revoke_time, key.last_use_time)
    return (
        *(key.id, key.last_four, key.principal),
        ",".join(sorted(role.value for role in key.roles)),
        ",".join(f"{name}={value}" for name, value in sorted(key.labels.items())) or "-",
        time_text(key.create_time),
        *("-" if time is None else time_text(time) for time in times),
    )
