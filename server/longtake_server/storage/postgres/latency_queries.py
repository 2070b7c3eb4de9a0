# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""SQL for the latencies of generations."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from longtake_server.operations.store import Kind
from longtake_server.storage.postgres.query import Query, nothing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def read() -> Query[Mapping[Kind, Sequence[tuple[float, float]]]]:
    """See OperationStore.latencies."""
    return Query(
        "SELECT upstream, model, resolution, seconds, weights FROM latencies",
        {},
        lambda rows: {
            Kind(*kind): tuple((float(time), float(weight)) for time, weight in json.loads(weights))
            for *kind, weights in rows
        },
    )


def keep(kind: Kind, pairs: Sequence[tuple[float, float]]) -> Query[None]:
    """See OperationStore.keep_latencies."""
    return Query(
        """
        INSERT INTO latencies (upstream, model, resolution, seconds, weights)
        VALUES (%(upstream)s, %(model)s, %(resolution)s, %(seconds)s, %(weights)s)
        ON CONFLICT (upstream, model, resolution, seconds) DO UPDATE SET weights = excluded.weights
        """,
        {
            "upstream": kind.upstream,
            "model": kind.model,
            "resolution": kind.resolution,
            "seconds": kind.seconds,
            "weights": json.dumps(list(pairs)),
        },
        nothing,
    )
