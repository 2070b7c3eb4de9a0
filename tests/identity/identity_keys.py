# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""API keys for tests, in a real database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from longtake_server.clock import SystemClock
from longtake_server.identity.api_key import ApiKey, generate
from longtake_server.identity.key_store import StoredKey
from longtake_server.identity.principal import Role
from longtake_server.storage.database import writing_beside
from longtake_server.storage.key_table import KeyTable
from longtake_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def stored(key: ApiKey, **changes: Any) -> StoredKey:
    """Return what is stored of a key of ann, with changes."""
    made = StoredKey(
        id=key.id,
        hash=key.hash,
        last_four=key.text[-4:],
        principal="ann",
        roles=frozenset({Role.GENERATOR}),
        labels={"team": "film"},
        create_time=NOON,
    )
    return replace(made, **changes)


def added(path: Path, **changes: Any) -> ApiKey:
    """Add a new key of ann to the database beside the server, and return it."""
    key = generate()
    with writing_beside(path) as connection:
        KeyTable(connection).add(stored(key, **changes))
    return key


async def keys_in_new_database(path: Path, *principals: str) -> list[str]:
    """Make a database for a server that has not started, and return a key of each principal."""
    await (await SqliteStore.open(path, SystemClock())).close()
    return [added(path, principal=principal).text for principal in principals]
