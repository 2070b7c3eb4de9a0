# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The routes of the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.http.console import calls, pages, signing_in

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the routes of the pages, and of what they call.

    Args:
        parts: The parts of the listener.

    """
    return [*pages.routes(), *signing_in.routes(parts), *calls.routes(parts)]
