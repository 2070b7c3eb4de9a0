# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP server of operators: /livez, /readyz and /metrics. Imported only if configured."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from longtake_server.http_listener import HttpListener

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

_MOST_CONNECTIONS = 64
_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def ops_listener(is_serving: Callable[[], bool], scrape: Callable[[], bytes]) -> HttpListener:
    """Return the server, not started.

    Args:
        is_serving: Returns whether the health service answers SERVING for the empty name.
        scrape: Returns the metrics as Prometheus text. Called in a thread, one at a time.

    """
    scraping = asyncio.Lock()

    async def live(_: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def ready(_: Request) -> Response:
        if is_serving():
            return PlainTextResponse("SERVING\n")
        return PlainTextResponse("NOT_SERVING\n", status_code=503)

    async def metrics(_: Request) -> Response:
        async with scraping:
            text = await asyncio.to_thread(scrape)
        return Response(text, media_type=_METRICS_TYPE)

    application = Starlette(
        routes=[Route("/livez", live), Route("/readyz", ready), Route("/metrics", metrics)]
    )
    application.router.redirect_slashes = False
    return HttpListener(application, "LONGTAKE_OPS_LISTEN", _MOST_CONNECTIONS)
