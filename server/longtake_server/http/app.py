# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The application of the HTTP listener: puts the routes together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette

from longtake_server.http import videos
from longtake_server.http.google_wire import agent_platform, interactions, token_endpoint
from longtake_server.http.observation import Observed

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from longtake_server.http.parts import DoorParts

_ROUTES = (
    videos.routes,
    agent_platform.routes,
    interactions.routes,
    token_endpoint.routes,
)


def create_application(parts: DoorParts) -> ASGIApp:
    """Return the ASGI application, which records its requests. It answers other paths with 404.

    Args:
        parts: What the routes share.

    """
    application = Starlette(routes=[route for routes in _ROUTES for route in routes(parts)])
    application.router.redirect_slashes = False
    return Observed(application, parts.clock, parts.telemetry)
