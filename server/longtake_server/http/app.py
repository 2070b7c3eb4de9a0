# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The application of the HTTP listener: puts the routes together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from longtake_server.http import videos
from longtake_server.http.console import console
from longtake_server.http.google_wire import (
    agent_platform,
    interactions,
    token_endpoint,
    unserved,
)
from longtake_server.http.mcp import door as mcp_door
from longtake_server.http.observation import Observed
from longtake_server.http.signed import PREFIX
from longtake_server.http.sites import OwnPages

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from longtake_server.http.parts import DoorParts

_ROUTES = (
    videos.routes,
    agent_platform.routes,
    interactions.routes,
    token_endpoint.routes,
    mcp_door.routes,
)


def create_application(parts: DoorParts) -> ASGIApp:
    """Return the ASGI application, which records its requests. It answers other paths with 404.

    Args:
        parts: What the routes share.

    """
    groups = (*_ROUTES, console.routes) if parts.settings.console else _ROUTES
    routed = Starlette(
        routes=[route for routes in groups for route in routes(parts)],
        exception_handlers={404: unserved.not_found},
    )
    routed.router.redirect_slashes = False
    application: ASGIApp = routed
    if parts.settings.own_pages_only:
        application = OwnPages(routed, PREFIX, parts.settings.public_url)
    return Observed(application, parts.clock, parts.telemetry)
