# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The token endpoint: an assertion of a credentials file in, an access token out (RFC 7523).

Google's SDKs call it by the `token_uri` of a file that `longtake-server keys create
--google-credentials` has written. Its errors have the form of RFC 6749, section 5.2.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.routing import Route

from longtake_server.errors import AuthenticationUnavailable, NotAuthenticated
from longtake_server.http.google_wire.google_errors import google_error
from longtake_server.identity.api_key import TOKEN_PREFIX
from longtake_server.identity.authentication import Presented

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts

_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_FORM = "application/x-www-form-urlencoded"
_MOST_BYTES = 1 << 14
_MOST_FIELDS = 16
_BODY_SECONDS = 10.0
# Where the server does not authenticate callers, any token will do, and any time.
_USUAL_SECONDS = 3600


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the route of the token endpoint."""
    return [Route("/token", _TokenEndpoint(parts).answer, methods=["POST"])]


class _Refused(Exception):
    """The request gets no token.

    Attributes:
        error: The error code of RFC 6749.
        status: The HTTP status.
    """

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(description)
        self.error = error
        self.status = status


class _TokenEndpoint:
    """Turns assertions into access tokens."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts

    async def answer(self, request: Request) -> Response:
        """Return the token, or why there is none."""
        try:
            return _json(200, await self._token(_assertion(await _form(request))))
        except _Refused as refused:
            content = {"error": refused.error, "error_description": str(refused)}
            return _json(refused.status, content)
        except Exception as error:  # noqa: BLE001 - rpc/status.py maps every error
            return google_error(error)

    async def _token(self, assertion: str) -> dict[str, object]:
        token = TOKEN_PREFIX + assertion
        try:
            principal = await self._parts.authenticator.principal_of(
                Presented((f"Bearer {token}",))
            )
        except NotAuthenticated as error:
            raise _Refused("invalid_grant", str(error)) from error
        except AuthenticationUnavailable as error:
            raise _Refused("temporarily_unavailable", str(error), 503) from error
        seconds = _USUAL_SECONDS
        if principal.expire_time is not None:
            left = principal.expire_time - self._parts.clock.now()
            seconds = int(left.total_seconds())
        return {"access_token": token, "token_type": "Bearer", "expires_in": seconds}


def _assertion(form: Mapping[str, str]) -> str:
    if form.get("grant_type") != _GRANT:
        raise _Refused("unsupported_grant_type", f"accepted is grant_type={_GRANT}")
    if not (assertion := form.get("assertion", "")):
        raise _Refused("invalid_request", "assertion is required")
    return assertion


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of the form in the body."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        raise _Refused("invalid_request", f"accepted is a body of the type {_FORM}")
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS), aclosing(request.stream()) as chunks:
            async for chunk in chunks:
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise _Refused("invalid_request", f"accepted are at most {_MOST_BYTES} bytes")
    except (TimeoutError, ClientDisconnect):
        raise _Refused("invalid_request", "the body is cut off") from None
    try:
        pairs = parse_qsl(
            body.decode("ascii"), strict_parsing=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        raise _Refused("invalid_request", "the body is not a form") from None
    form = dict(pairs)
    if len(form) < len(pairs):
        raise _Refused("invalid_request", "a field is given twice")
    return form


def _json(status: int, content: dict[str, object] | dict[str, str]) -> Response:
    headers = {"cache-control": "no-store"}
    return Response(json.dumps(content), status, headers, media_type="application/json")
