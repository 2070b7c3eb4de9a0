# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A caller is not known, or lacks a role."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors.base import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Sequence


class NotAuthenticated(LongtakeError):
    """The call has no valid credential. Always raised as one of the subclasses."""


class CredentialMissing(NotAuthenticated):
    """The server expects a credential, and the call has none."""

    reason = "CREDENTIAL_MISSING"

    def __init__(self, accepted: str) -> None:
        super().__init__(f"the call has no credential; accepted is {accepted}")


class CredentialMalformed(NotAuthenticated):
    """The credential has no form that the server accepts."""

    reason = "CREDENTIAL_MALFORMED"

    def __init__(self, accepted: str) -> None:
        super().__init__(f"the credential is malformed; accepted is {accepted}")


class CredentialUnknown(NotAuthenticated):
    """The server does not know the credential, or it was not issued for this server."""

    reason = "CREDENTIAL_UNKNOWN"

    def __init__(self, why: str = "the server does not know the credential") -> None:
        super().__init__(why)


class CredentialRevoked(NotAuthenticated):
    """The credential was revoked."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the API key {key_id} was revoked; use another one", {"key_id": key_id})


class CredentialExpired(NotAuthenticated):
    """The credential has expired."""

    reason = "CREDENTIAL_EXPIRED"

    def __init__(self, key_id: str = "") -> None:
        what = f"the API key {key_id}" if key_id else "the credential"
        metadata = {"key_id": key_id} if key_id else {}
        super().__init__(f"{what} has expired; call again with a new one", metadata)


class CredentialsDiffer(NotAuthenticated):
    """The call has two credentials that differ."""

    reason = "CREDENTIALS_DIFFER"

    def __init__(self) -> None:
        super().__init__(
            "authorization and x-goog-api-key have different credentials; send one of them"
        )


class RoleMissing(LongtakeError):
    """The principal lacks the role that the call requires."""

    reason = "ROLE_MISSING"

    def __init__(self, roles: Sequence[str]) -> None:
        super().__init__(
            f"the call requires the role {' or '.join(roles)}; ask the operator of this server",
            {"roles": ",".join(roles)},
        )


class AuthenticationUnavailable(LongtakeError):
    """Credentials cannot be verified for now.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "AUTHENTICATION_UNAVAILABLE"

    def __init__(self, cause: str, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(f"the server cannot verify credentials: {cause}")
