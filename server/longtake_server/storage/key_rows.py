# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The row of an API key, whatever the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from longtake_server.identity.key_store import StoredKey
from longtake_server.identity.principal import Role
from longtake_server.storage.codec import from_micros, optional_micros, to_micros

if TYPE_CHECKING:
    from datetime import datetime

_MINUTE_MICROS = 60_000_000

COLUMNS = (
    "id, hash, last_four, principal, roles, labels, create_time, expire_time, revoke_time, "
    "last_use_time, public_key, google_results"
)
"""The columns of a row in order."""


def row_of(key: StoredKey) -> tuple[object, ...]:
    """Return the row of a key."""
    return (
        *(key.id, key.hash, key.last_four, key.principal),
        ",".join(sorted(role.value for role in key.roles)),
        json.dumps(dict(key.labels), ensure_ascii=False, sort_keys=True),
        to_micros(key.create_time),
        *map(optional_micros, (key.expire_time, key.revoke_time, key.last_use_time)),
        *(key.public_key, key.google_results),
    )


def key_of(row: tuple[Any, ...]) -> StoredKey:
    """Return the key of a row."""
    key_id, hashed, last_four, principal, roles, labels, created, *rest = row
    expires, revoked, used, public_key, google_results = rest
    return StoredKey(
        *(key_id, hashed, last_four, principal),
        frozenset(map(Role, roles.split(","))),
        json.loads(labels),
        from_micros(created),
        *(_time(expires), _time(revoked), _time(used)),
        *(public_key, google_results),
    )


def _time(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def minute_of(time: datetime) -> int:
    """Return the minute of a time in microseconds since 1970-01-01 UTC."""
    micros = to_micros(time)
    return micros - micros % _MINUTE_MICROS
