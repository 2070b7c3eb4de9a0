# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the files of the console, from memory, compressed to whoever takes that."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute

FILES = Path(__file__).parent / "static"
"""Where the files are."""

_START = "index.html"
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "connect", "media", "img")),
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
_HEADERS: Mapping[str, str] = {
    "content-security-policy": _POLICY,
    "cross-origin-opener-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # The files of one version belong together, so each is asked for again.
    "cache-control": "no-cache",
    "vary": "accept-encoding",
}


def routes() -> list[BaseRoute]:
    """Return a route for each file. The first page is at `/`."""
    return [_route(file) for file in sorted(FILES.iterdir())]


def _route(file: Path) -> Route:
    path = "/" if file.name == _START else f"/console/{file.name}"
    return Route(path, _serving(file.read_bytes(), _TYPES[file.suffix]), methods=["GET"])


def _serving(content: bytes, media_type: str) -> Callable[[Request], Awaitable[Response]]:
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**_HEADERS, "etag": tag}
    packed = gzip.compress(content, mtime=0)

    async def serve(request: Request) -> Response:
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            coded = {**headers, "content-encoding": "gzip"}
            return Response(packed, headers=coded, media_type=media_type)
        return Response(content, headers=headers, media_type=media_type)

    return serve
