# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that a call has credentials. Any value passes except those that stand for bad ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veo_simulator.errors import GoogleError, error_info

if TYPE_CHECKING:
    from starlette.requests import Request

EXPIRED = "expired"
FORBIDDEN = "forbidden"


def authenticate(request: Request) -> None:
    """Accept a call with a bearer token, or with an API key in a header or the query.

    Raises:
        GoogleError: It has none, or the word `expired` or `forbidden` in place of one.

    """
    given = credential(request)
    if not given:
        raise GoogleError(
            "UNAUTHENTICATED",
            "Request is missing required authentication credential.",
            error_info("CREDENTIALS_MISSING", service="aiplatform.googleapis.com"),
        )
    if given == EXPIRED:
        raise GoogleError(
            "UNAUTHENTICATED",
            "Request had invalid authentication credentials.",
            error_info("ACCESS_TOKEN_EXPIRED", service="aiplatform.googleapis.com"),
        )
    if given == FORBIDDEN:
        raise GoogleError(
            "PERMISSION_DENIED",
            "Permission 'aiplatform.endpoints.predict' denied.",
            error_info("IAM_PERMISSION_DENIED", permission="aiplatform.endpoints.predict"),
        )


def credential(request: Request) -> str:
    """Return the token or the key of a call, or ''."""
    return _bearer(request) or request.headers.get("x-goog-api-key", "") or _key(request)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _key(request: Request) -> str:
    return request.query_params.get("key", "")
