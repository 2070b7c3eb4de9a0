# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the authenticator that the settings and the identity file describe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.identity.authentication import Authenticator, Proofs
from longtake_server.identity.certificates import Certificates
from longtake_server.identity.identity_file import load_identities

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.identity.authentication import Keys
    from longtake_server.identity.identity_file import Identities
    from longtake_server.settings import Settings


def configured_identities(settings: Settings) -> Identities:
    """Read the identity file of the settings. Raises as load_identities."""
    return load_identities(
        settings.identity_file,
        settings.authentication,
        names_callers=settings.trust_caller_header is not None,
    )


def configured_authenticator(settings: Settings, keys: Keys | None, clock: Clock) -> Authenticator:
    """Return the authenticator. Close it in the end.

    Args:
        settings: The settings.
        keys: The API keys, None if the settings do not accept them.
        clock: Determines whether a token has expired.

    Raises:
        StartFailure: As load_identities.

    """
    identities = configured_identities(settings)
    tokens = certificates = None
    if "tokens" in settings.authentication:
        # Imported only then: it takes memory that other servers need not spend.
        from longtake_server.identity.tokens import Tokens

        tokens = Tokens(identities.issuer, clock)
    if "certificates" in settings.authentication:
        certificates = Certificates(identities.certificate)
    header = settings.trust_caller_header
    roles = None if header is None else frozenset(identities.caller_header.roles)
    return Authenticator(Proofs(keys, tokens, certificates, roles))
