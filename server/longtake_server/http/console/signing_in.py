# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns a link of `longtake-server console` into the key that it stands for, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.http.bodies import body_of
from longtake_server.http.console.answers import answering

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts

_MOST_BYTES = 1 << 12


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the route."""

    async def sign_in(request: Request) -> Response:
        async with body_of(request, _MOST_BYTES, parts.budget) as body:
            link = body.get("link")
        if not isinstance(link, str):
            raise InvalidRequest([Violation("link", "it is required, and a text")])
        key = await parts.authenticator.redeem(link)
        return JSONResponse({"key": key.text}, headers={"cache-control": "no-store"})

    return [Route("/console/api/signIn", answering(sign_in), methods=["POST"])]
