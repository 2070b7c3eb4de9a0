# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes limits as the documents that are stored, and decodes them."""

from __future__ import annotations

import json
from datetime import date
from functools import lru_cache
from typing import Any

from longtake_server.operations.budgets.limits import LIMITS, Limits, Override, Values

_MOST_CACHED = 1024


def encode_limits(limits: Limits) -> str:
    """Return a document: a JSON object of what is set."""
    document: dict[str, Any] = _encode_values(limits.values)
    if limits.time_zone is not None:
        document["time_zone"] = limits.time_zone
    if limits.overrides:
        document["overrides"] = [
            {"until": one.until.isoformat(), **_encode_values(one.values)}
            for one in limits.overrides
        ]
    return json.dumps(document, separators=(",", ":"), sort_keys=True)


@lru_cache(maxsize=_MOST_CACHED)
def decode_limits(text: str) -> Limits:
    """Return the limits of a document from `encode_limits`."""
    document: dict[str, Any] = json.loads(text)
    return Limits(
        document.get("time_zone"),
        _decode_values(document),
        tuple(
            Override(date.fromisoformat(one["until"]), _decode_values(one))
            for one in document.get("overrides", ())
        ),
    )


def _encode_values(values: Values) -> dict[str, int]:
    limits = ((name, getattr(values, name)) for name in LIMITS)
    return {name: limit for name, limit in limits if limit is not None}


def _decode_values(document: dict[str, Any]) -> Values:
    return Values(**{name: document[name] for name in LIMITS if name in document})
