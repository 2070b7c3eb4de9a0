# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for what all replicas agree on."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longtake_server.operations.agreement_store import Agreement
from longtake_server.storage.postgres.query import Query, nothing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from longtake_server.storage.postgres.query import Row


def read() -> Query[Agreement | None]:
    """Return the agreement, or None if none is stored yet."""
    return Query("SELECT upstreams, is_held FROM meta", {}, _settled)


def settle(upstreams: Mapping[str, str]) -> Query[Agreement]:
    """Store these upstreams if none are, and return the agreement."""
    return Query(
        """
        UPDATE meta SET upstreams = coalesce(upstreams, %(upstreams)s::text)
        RETURNING upstreams, is_held
        """,
        {"upstreams": json.dumps(upstreams)},
        lambda rows: _agreement(*rows[0]),
    )


def replace(upstreams: Mapping[str, str]) -> Query[None]:
    """Store these upstreams in place of others."""
    return Query(
        "UPDATE meta SET upstreams = %(upstreams)s::text",
        {"upstreams": json.dumps(upstreams)},
        nothing,
    )


def hold() -> Query[None]:
    """See AgreementStore.hold_submissions."""
    return Query("UPDATE meta SET is_held = true", {}, nothing)


def resume() -> Query[bool]:
    """End the hold, and return whether there was one."""
    return Query("UPDATE meta SET is_held = false WHERE is_held RETURNING 1", {}, bool)


def _settled(rows: Sequence[Row]) -> Agreement | None:
    upstreams, is_held = rows[0]
    return None if upstreams is None else _agreement(upstreams, is_held)


def _agreement(upstreams: str, is_held: bool) -> Agreement:
    return Agreement(json.loads(upstreams), is_held)
