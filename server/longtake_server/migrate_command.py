# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server migrate`: brings the schema of the store to the newest version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.stores import store_place

if TYPE_CHECKING:
    from longtake_server.settings import Settings


def migrate(settings: Settings) -> str:
    """Migrate, and return a line that says from which version to which.

    Raises:
        StartFailure: The store cannot be used, or its schema is newer than this program.

    """
    place = store_place(settings)
    before, after = place.migrate()
    if before == after:
        return f"{place} has schema version {after}, the newest; nothing was changed\n"
    if before == 0:
        return f"{place} had no schema and now has schema version {after}\n"
    return f"{place} had schema version {before} and now has version {after}\n"
