# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns what a call presents into its principal. No other module does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from longtake_server.errors import (
    CredentialMalformed,
    CredentialMissing,
    CredentialsDiffer,
    CredentialUnknown,
)
from longtake_server.identity.api_key import PREFIX, TOKEN_PREFIX
from longtake_server.identity.principal import ANYONE, Principal

if TYPE_CHECKING:
    from longtake_server.identity.api_key import ApiKey
    from longtake_server.identity.certificates import Certificates
    from longtake_server.identity.principal import Role
    from longtake_server.identity.tokens import Tokens

_OF_KEYS = (PREFIX, TOKEN_PREFIX)
_BEARER = "bearer "
_USUAL_BEARER = "Bearer "
_DOTS_OF_A_TOKEN = 2


class Keys(Protocol):
    """The API keys of the server, and the access tokens of their credentials files."""

    @property
    def available(self) -> bool:
        """Whether keys can be verified: whether their store can be read."""

    def known(self, text: str) -> Principal | None:
        """Return the principal of a key, or None if it must be verified first.

        Raises:
            CredentialMalformed, CredentialRevoked, CredentialExpired: The key admits nobody.
            AuthenticationUnavailable: The keys cannot be read.

        """

    async def verify(self, text: str) -> Principal:
        """Return the principal of a key.

        Raises:
            CredentialMalformed, CredentialUnknown, CredentialRevoked, CredentialExpired: The key
                admits nobody.
            AuthenticationUnavailable: The keys cannot be read.

        """

    async def holder(self, key_id: str) -> Principal:
        """Return the principal of a key that is known by its id.

        Raises:
            CredentialUnknown, CredentialRevoked, CredentialExpired: The key admits nobody.
            AuthenticationUnavailable: The keys cannot be read.

        """

    async def redeem(self, text: str) -> ApiKey:
        """Return the key that a link of the console stands for. A link works once.

        Raises:
            CredentialMalformed, CredentialUnknown: The link admits nobody.
            AuthenticationUnavailable: The keys cannot be changed.

        """


class Presented(NamedTuple):
    """What a call presents to say who makes it. Its repr shows no credential.

    Attributes:
        authorization: The values of `authorization`.
        api_key: The values of `x-goog-api-key`.
        caller: The values of the metadata key in which a trusted proxy names the caller.
        identities: The identities of the client's certificate, as certificates.identities_of
            returns them.
    """

    authorization: tuple[str, ...] = ()
    api_key: tuple[str, ...] = ()
    caller: tuple[str, ...] = ()
    identities: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Presented(caller={self.caller!r}, identities={self.identities!r})"


@dataclass(frozen=True, slots=True)
class Proofs:
    """How callers may prove who they are. Without any, every call is anyone's.

    Attributes:
        keys: Verifies API keys, None if they are not accepted.
        tokens: Verifies JSON Web Tokens, None if they are not accepted.
        certificates: Knows the identities of certificates, None if they are not accepted.
        caller_roles: The roles of callers that a trusted proxy names, None if there is no such
            proxy.
    """

    keys: Keys | None = None
    tokens: Tokens | None = None
    certificates: Certificates | None = None
    caller_roles: frozenset[Role] | None = None


class Authenticator:
    """Turns what a call presents into its principal.

    A credential in the metadata counts before the certificate of the connection.

    Args:
        proofs: How callers may prove who they are.

    """

    def __init__(self, proofs: Proofs) -> None:
        self._keys = proofs.keys
        self._tokens = proofs.tokens
        self._certificates = proofs.certificates
        self._caller_roles = proofs.caller_roles
        self.reads_metadata = self._keys is not None or self._tokens is not None
        """Whether a credential in the metadata counts."""
        self.reads_certificates = self._certificates is not None
        """Whether the certificate of the connection counts."""
        self.authenticates = self.reads_metadata or self.reads_certificates
        """Whether calls need a credential, which may be revoked or expire."""
        self._accepted = ", or ".join(self._kinds())

    def _kinds(self) -> list[str]:
        kinds = []
        if self._keys is not None:
            kinds.append(
                f"an API key, which begins with {PREFIX}, as authorization: Bearer or "
                "as x-goog-api-key"
            )
        if self._tokens is not None:
            kinds.append("a token (JWT) as authorization: Bearer")
        if self._certificates is not None:
            kinds.append("a client certificate")
        return kinds

    @property
    def available(self) -> bool:
        """Whether API keys can be verified, if they are accepted."""
        return self._keys is None or self._keys.available

    def known(self, presented: Presented) -> Principal | None:
        """Return the principal of a call, or None if it must be verified first.

        Raises:
            CredentialMissing, CredentialsDiffer: The call presents nothing, or two things.
            CredentialMalformed, CredentialUnknown, CredentialRevoked, CredentialExpired: The
                credential admits nobody.
            AuthenticationUnavailable: The credential cannot be verified for now.

        """
        if not self.authenticates:
            return self._named_by_proxy(presented)
        text = self._credential(presented) if self.reads_metadata else ""
        if not text:
            if self._certificates is None or not presented.identities:
                raise CredentialMissing(self._accepted)
            return self._certificates.principal_of(presented.identities)
        if self._keys is not None and text.startswith(_OF_KEYS):
            return self._keys.known(text)
        if self._tokens is None or text.count(".") != _DOTS_OF_A_TOKEN:
            raise CredentialMalformed(self._accepted)
        return self._tokens.known(text)

    async def principal_of(self, presented: Presented) -> Principal:
        """Return the principal of a call. Does not suspend if the principal is known.

        Raises as `known`.

        """
        principal = self.known(presented)
        if principal is not None:
            return principal
        text = self._credential(presented)
        if self._keys is not None and text.startswith(_OF_KEYS):
            return await self._keys.verify(text)
        if self._tokens is None:
            raise CredentialMalformed(self._accepted)
        return await self._tokens.verify(text)

    async def holder(self, key_id: str) -> Principal:
        """Return the principal of an API key that once made a call, by the id of the key.

        Raises:
            CredentialUnknown, CredentialRevoked, CredentialExpired: It would not be admitted now.
            AuthenticationUnavailable: The keys cannot be read.

        """
        if self._keys is None:
            raise CredentialUnknown
        return await self._keys.holder(key_id)

    async def redeem(self, link: str) -> ApiKey:
        """Return the key that a link of the console stands for. A link works once.

        Raises:
            CredentialMalformed, CredentialUnknown: The link admits nobody.
            AuthenticationUnavailable: The keys cannot be changed.

        """
        if self._keys is None:
            raise CredentialUnknown("the server accepts no API keys, so it has no links either")
        return await self._keys.redeem(link)

    async def aclose(self) -> None:
        """Stop what verifications have begun."""
        if self._tokens is not None:
            await self._tokens.aclose()

    def _named_by_proxy(self, presented: Presented) -> Principal:
        if self._caller_roles is None:
            return ANYONE
        # The proxy's value comes after any that the caller sent.
        return Principal(presented.caller[-1] if presented.caller else "", self._caller_roles)

    def _credential(self, presented: Presented) -> str:
        """Return the one credential of the metadata, or an empty text if there is none."""
        if len(presented.authorization) == 1 and not presented.api_key:
            # The most calls, on the way of every one of them.
            return self._bearer(presented.authorization[0])
        found = {self._bearer(value) for value in presented.authorization}
        found.update(value.strip() for value in presented.api_key)
        if len(found) > 1:
            raise CredentialsDiffer
        if "" in found:
            raise CredentialMalformed(self._accepted)
        return next(iter(found), "")

    def _bearer(self, value: str) -> str:
        is_bearer = value.startswith(_USUAL_BEARER) or value[: len(_BEARER)].lower() == _BEARER
        text = value[len(_BEARER) :].strip()
        if not text or not is_bearer:
            raise CredentialMalformed(self._accepted)
        return text
