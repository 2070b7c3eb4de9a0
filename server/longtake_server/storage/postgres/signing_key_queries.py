# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for signing keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.identity.signing_keys import SigningKey
from longtake_server.storage.codec import from_micros, to_micros
from longtake_server.storage.postgres.query import Query, nothing

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


def read() -> Query[Sequence[SigningKey]]:
    """See SigningKeyStore.signing_keys."""
    return Query(
        "SELECT id, secret, create_time FROM signing_keys ORDER BY create_time DESC, id",
        {},
        lambda rows: tuple(
            SigningKey(name, bytes(secret), from_micros(made)) for name, secret, made in rows
        ),
    )


def add(key: SigningKey, unless_since: datetime, forget_before: datetime) -> Query[None]:
    """See SigningKeyStore.add_signing_key. Two servers may each add one, which does no harm."""
    return Query(
        """
        WITH forgotten AS (DELETE FROM signing_keys WHERE create_time < %(forget_before)s::bigint)
        INSERT INTO signing_keys (id, secret, create_time)
        SELECT %(id)s::text, %(secret)s::bytea, %(create_time)s::bigint
        WHERE NOT EXISTS (
            SELECT FROM signing_keys WHERE create_time > %(unless_since)s::bigint
        )
        """,
        {
            "id": key.id,
            "secret": key.secret,
            "create_time": to_micros(key.create_time),
            "unless_since": to_micros(unless_since),
            "forget_before": to_micros(forget_before),
        },
        nothing,
    )
