# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the credentials of a call. Any are accepted, except words that select a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veo_simulator.errors import GoogleError, error_info

if TYPE_CHECKING:
    from starlette.requests import Request

_SERVICE = "aiplatform.googleapis.com"
_PERMISSION = "aiplatform.endpoints.predict"
# For each word that may replace a token or a key: the status, the message and the reason of
# Google's answer, and the metadata of the reason.
_REFUSALS = {
    "": (
        *("UNAUTHENTICATED", "Request is missing required authentication credential."),
        *("CREDENTIALS_MISSING", {"service": _SERVICE}),
    ),
    "expired": (
        *("UNAUTHENTICATED", "Request had invalid authentication credentials."),
        *("ACCESS_TOKEN_EXPIRED", {"service": _SERVICE}),
    ),
    "forbidden": (
        *("PERMISSION_DENIED", f"Permission '{_PERMISSION}' denied on the resource."),
        *("IAM_PERMISSION_DENIED", {"permission": _PERMISSION}),
    ),
    "disabled": (
        "PERMISSION_DENIED",
        "Vertex AI API has not been used in this project before or it is disabled.",
        *("SERVICE_DISABLED", {"service": _SERVICE}),
    ),
    "stranger": (
        *("PERMISSION_DENIED", "Permission denied on resource project."),
        *("CONSUMER_INVALID", {"service": _SERVICE}),
    ),
    "invalid": (
        *("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
        *("API_KEY_INVALID", {"service": _SERVICE}),
    ),
}


def authenticate(request: Request) -> None:
    """Accept a call with a bearer token, or with an API key in a header or in the query.

    Raises:
        GoogleError: There are no credentials, or they are a word that selects a refusal.

    """
    if (refusal := _REFUSALS.get(credential(request))) is not None:
        status, message, reason, metadata = refusal
        raise GoogleError(status, message, error_info(reason, **metadata))


def credential(request: Request) -> str:
    """Return the token or the key of a call, or an empty string."""
    return _bearer(request) or request.headers.get("x-goog-api-key", "") or _key(request)


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _key(request: Request) -> str:
    return request.query_params.get("key", "")
