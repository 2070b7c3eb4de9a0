# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for the latencies of generations. Each function runs inside its caller's transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longtake_server.operations.store import Kind

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence


def read(connection: sqlite3.Connection) -> Mapping[Kind, Sequence[tuple[float, float]]]:
    """See OperationStore.latencies."""
    rows = connection.execute("SELECT upstream, model, resolution, seconds, weights FROM latencies")
    return {
        Kind(*kind): tuple((float(time), float(weight)) for time, weight in json.loads(weights))
        for *kind, weights in rows
    }


def keep(connection: sqlite3.Connection, kind: Kind, pairs: Sequence[tuple[float, float]]) -> None:
    """See OperationStore.keep_latencies."""
    connection.execute(
        "INSERT OR REPLACE INTO latencies VALUES (?, ?, ?, ?, ?)",
        (kind.upstream, kind.model, kind.resolution, kind.seconds, json.dumps(pairs)),
    )
