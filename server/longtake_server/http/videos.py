# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes of videos: their signed addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the routes of signed addresses."""
    del parts
    return []
