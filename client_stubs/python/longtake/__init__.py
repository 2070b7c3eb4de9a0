# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Python client of Longtake: start video generations, watch them, fetch the results.

The names in `__all__` are imported when they are first used, so that importing the
generated code in longtake.v1 does not import gRPC.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake import errors, types
    from longtake._backoff import RetryPolicy
    from longtake.aio import AsyncClient
    from longtake.client import Client

__all__ = ["AsyncClient", "Client", "RetryPolicy", "errors", "types"]

_HOMES = {
    "AsyncClient": "longtake.aio",
    "Client": "longtake.client",
    "RetryPolicy": "longtake._backoff",
}


def __getattr__(name: str) -> object:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in __all__:
        return importlib.import_module(f"longtake.{name}")
    raise AttributeError(f"module 'longtake' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
