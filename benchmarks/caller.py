# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The principal that measured calls come from: its API key and its limits.

The limits are high enough to refuse nothing, and there is one of each kind, so that each generation
passes all of the admission.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from longtake_server.identity.api_key import generate
from longtake_server.identity.key_store import StoredKey
from longtake_server.identity.principal import Role
from longtake_server.operations.budgets.limits import (
    BUDGETS,
    LIMITS,
    Limits,
    Source,
    Values,
    subject_of_principal,
)
from longtake_server.storage import limits_table
from longtake_server.storage.database import open_database
from longtake_server.storage.key_table import KeyTable

if TYPE_CHECKING:
    from pathlib import Path

Metadata = tuple[tuple[str, str], ...]
"""The metadata of a call: keys and values."""

AUTHENTICATED = (
    "Each call has an API key. Its principal has limits of cost and of video for a day, a week and "
    "a month, of requests per minute, and of queued and concurrent operations."
)
"""The sentences on authentication and budgets in the notes of tables."""

PRINCIPAL = "benchmark"
"""The id of the principal."""

# A trillion micros are a million US dollars.
_ENOUGH = 10**12
# The contract has counts in 32 bits.
_MANY = 10**9


def registered(folder: Path) -> Metadata:
    """Store a key and limits for a server that is not running yet.

    Args:
        folder: The folder for its data.

    Returns:
        The metadata that identifies the caller.

    """
    key = generate()
    stored = StoredKey(
        id=key.id,
        hash=key.hash,
        last_four=key.text[-4:],
        principal=PRINCIPAL,
        roles=frozenset({Role.GENERATOR}),
        labels={},
        create_time=datetime.now(UTC),
    )
    limits = Limits(values=Values(*(_ENOUGH if name in BUDGETS else _MANY for name in LIMITS)))
    database = open_database(folder / "data" / "longtake.db")
    try:
        database.writing.execute("BEGIN")
        KeyTable(database.writing).add(stored)
        limits_table.keep(database.writing, subject_of_principal(PRINCIPAL), Source.COMMAND, limits)
        database.writing.execute("COMMIT")
    finally:
        database.close()
    return (("authorization", f"Bearer {key.text}"),)
