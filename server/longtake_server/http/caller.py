# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns each HTTP request into its principal, by the same rules as the door of gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.http.observation import note_principal
from longtake_server.http.tls import names_of
from longtake_server.identity.authentication import Presented
from longtake_server.identity.certificates import identities_of
from longtake_server.rpc.door import check_role

if TYPE_CHECKING:
    from starlette.requests import Request

    from longtake_server.http.parts import DoorParts
    from longtake_server.identity.principal import Principal


async def caller_of(request: Request, parts: DoorParts, method: str) -> Principal:
    """Return the principal of a request, before its body is read.

    Args:
        request: The request. Its credential is `x-goog-api-key`, `Authorization: Bearer` or the
            query parameter `key`, or else the certificate of its connection.
        parts: The parts of the listener.
        method: The gRPC method that the request stands for, as `/package.Service/Method`.

    Raises:
        NotAuthenticated, AuthenticationUnavailable: As Authenticator.principal_of.
        RoleMissing: The principal lacks the role that the method requires.

    """
    principal = await parts.authenticator.principal_of(_presented(request, parts))
    note_principal(principal)
    check_role(principal, method)
    return principal


def _presented(request: Request, parts: DoorParts) -> Presented:
    headers = request.headers
    header = parts.settings.caller_header
    certificate = request.state.client_certificate if parts.authenticator.reads_certificates else {}
    return Presented(
        tuple(headers.getlist("authorization")),
        (*headers.getlist("x-goog-api-key"), *request.query_params.getlist("key")),
        () if header is None else tuple(headers.getlist(header)),
        identities_of(names_of(certificate)) if certificate else (),
    )
