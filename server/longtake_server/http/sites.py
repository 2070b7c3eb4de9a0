# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Refuses what pages of other sites ask of a server without authentication.

Any page that a visitor opens can send requests to this machine: from its own origin, or, once its
name leads here (DNS rebinding), as if the server were its own. The browser says so in `Origin` and
in `Host`. A signed address proves itself, so pages of any site may use it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import JSONResponse

from longtake_server.configuration.addresses import is_loopback

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_REFUSAL = "pages of this site may not call this API"


class OwnPages:
    """An ASGI application that pages of other sites cannot call.

    Args:
        application: The application.
        open_prefix: The beginning of the paths that pages of any site may use.
        public_url: The base URL at which callers reach the server, None for its own address.

    """

    def __init__(self, application: ASGIApp, open_prefix: str, public_url: str | None) -> None:
        self._application = application
        self._open_prefix = open_prefix
        self._public_host = None if public_url is None else urlsplit(public_url).netloc

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or refuse it with 403."""
        headers = Headers(scope=scope)
        if scope["path"].startswith(self._open_prefix) or self._is_own(headers):
            await self._application(scope, receive, send)
            return
        error = {"code": 403, "message": _REFUSAL, "status": "PERMISSION_DENIED"}
        await JSONResponse({"error": error}, 403)(scope, receive, send)

    def _is_own(self, headers: Headers) -> bool:
        origin = headers.get("origin")
        if origin is None:
            # Browsers name a page that asks by GET only in Host.
            return self._knows(headers.get("host", ""))
        return self._knows(host_of(origin)) and self._knows(headers.get("host", ""))

    def _knows(self, host: str) -> bool:
        return is_known(host, self._public_host)


def host_of(origin: str) -> str:
    """Return the host, and perhaps the port, of an `Origin`, empty if it has none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def is_known(host: str, public_host: str | None) -> bool:
    """Return whether a host is the server's own: a loopback address, or that of its public URL.

    Args:
        host: The host and perhaps a port, as browsers write them in `Host` and `Origin`.
        public_host: That of the public URL, None if there is none.

    """
    if public_host is not None and host == public_host:
        return True
    # An IPv6 address is in brackets, so a colon outside of them begins a port.
    name, _, port = host.rpartition(":") if not host.endswith("]") else (host, "", "0")
    return is_loopback(f"{name or port}:0")
