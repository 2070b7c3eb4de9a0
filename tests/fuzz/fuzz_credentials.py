# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Target that presents credentials: API keys, tokens and certificates, valid and mutated.

The keys are in a real database, and a real issuer publishes the keys of the tokens.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import jwt
from fakes.clock import FakeClock
from fuzz.fuzz_outcome import Finding, Target, refusal
from fuzz.fuzz_reader import Reader
from identity.identity_issuer import AUDIENCE, NOW, Issuer, ec_key, ed_key, issuing, rsa_key
from identity.identity_keys import added
from longtake_server.errors import LongtakeError
from longtake_server.identity.authentication import Authenticator, Presented, Proofs
from longtake_server.identity.certificates import Certificates, identities_of
from longtake_server.identity.identity_file import CertificateRow
from longtake_server.identity.keys import KeyRing
from longtake_server.identity.principal import Role
from longtake_server.identity.tokens import Tokens
from longtake_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from longtake_server.identity.principal import Principal

_ADMITTED = "spiffe://example.org/worker"
_KINDS = ("peer_spiffe_id", "peer_uri", "peer_dns", "x509_common_name")
_GENERATOR = frozenset({Role.GENERATOR})
_MODES = 4
# A shorter text may be in an error by chance.
_SECRET_CHARACTERS = 20


class _Credentials:
    """Presents what an input says, and judges who is admitted."""

    def __init__(self, authenticator: Authenticator, key: str, issuer: Issuer) -> None:
        self._authenticator = authenticator
        self._issuer = issuer
        self._signer = ed_key()
        signers = (rsa_key(), ec_key(), self._signer)
        issuer.publish(*signers)
        self._valid = (key, *(issuer.token(signer) for signer in signers))

    async def once(self, data: bytes) -> str:
        reader = Reader(data)
        mode = reader.number(_MODES)
        if mode == 0:
            return await self._certificate(reader)
        if mode == 1:
            return await self._text(reader, reader.rest().decode("utf-8", "replace"))
        if mode == 2:
            return await self._claims(reader)
        return await self._mutated(reader)

    async def _certificate(self, reader: Reader) -> str:
        properties = {kind: [reader.take(reader.number(64))] for kind in _KINDS}
        if reader.number(2):
            properties[_KINDS[0]] = [_ADMITTED.encode()]
        names = identities_of(properties)
        principal = await self._principal(Presented(identities=names))
        if isinstance(principal, str):
            return principal
        if principal.id != _ADMITTED:
            raise Finding(f"a stranger's certificate was admitted as {principal.id!r}")
        return "OK"

    async def _mutated(self, reader: Reader) -> str:
        text = self._valid[reader.number(len(self._valid))]
        changed = list(text)
        for _ in range(reader.number(4)):
            at = (reader.number(256) * 256 + reader.number(256)) % len(changed)
            changed[at] = chr(reader.number(128))
        return await self._text(reader, "".join(changed))

    async def _text(self, reader: Reader, text: str) -> str:
        presented = (
            Presented(authorization=(f"Bearer {text}",)),
            Presented(api_key=(text,)),
            Presented(authorization=(text,)),
            Presented(authorization=(f"bearer {text}",), api_key=(text,)),
        )
        principal = await self._principal(presented[reader.number(len(presented))])
        if isinstance(principal, str):
            return principal
        bare = text.strip().removeprefix("Bearer ").removeprefix("bearer ").strip()
        if _content(bare) not in map(_content, self._valid):
            raise Finding(f"a forged credential was admitted as {principal.id!r}")
        return "OK"

    async def _claims(self, reader: Reader) -> str:
        """Present a token that is signed well, with claims of which some are odd."""
        subject = reader.text()
        values = (None, "longtake", ["longtake", subject], {"a": 1}, 0, -1, 1e300, True, subject)
        names = ("iss", "aud", "exp", "iat", "nbf", "roles", "scope", "email")
        claims: dict[str, object] = {
            "iss": self._issuer.url,
            "aud": AUDIENCE,
            "sub": subject,
            "iat": NOW.timestamp(),
            "exp": NOW.timestamp() + 600,
        }
        for name in names:
            if reader.number(4) == 0:
                claims[name] = values[reader.number(len(values))]
        token = self._signed(claims)
        principal = await self._principal(Presented(authorization=(f"Bearer {token}",)))
        if isinstance(principal, str):
            return principal
        if (principal.id, principal.roles) != (f"test:{subject}", _GENERATOR):
            raise Finding(f"a token made its bearer {principal.id!r} with {principal.roles}")
        return "OK"

    def _signed(self, claims: dict[str, object]) -> str:
        """Return a token of these claims. The library's own function refuses odd ones."""
        body = json.dumps(claims).encode()
        key = self._signer
        return jwt.PyJWS().encode(body, key.private, key.algorithm, headers={"kid": key.id})

    async def _principal(self, presented: Presented) -> Principal | str:
        """Return who is admitted, or the status of the refusal."""
        try:
            return await self._authenticator.principal_of(presented)
        except LongtakeError as error:
            said = str(error)
            given = (*presented.authorization, *presented.api_key)
            if any(len(text) >= _SECRET_CHARACTERS and text in said for text in given):
                raise Finding(f"the error repeats the credential: {said}") from error
            return refusal(error)


def _content(text: str) -> object:
    """Return what a credential says: base64 has several spellings of the same bytes."""
    try:
        return tuple(base64.urlsafe_b64decode(f"{part}===") for part in text.split("."))
    except (binascii.Error, ValueError):
        return text


@contextmanager
def _credentials(folder: Path) -> Iterator[Callable[[bytes], str]]:
    loop = asyncio.new_event_loop()
    with ExitStack() as stack:
        stack.callback(loop.close)
        clock = FakeClock(NOW)
        store = loop.run_until_complete(SqliteStore.open(folder / "longtake.db", clock))
        stack.callback(lambda: loop.run_until_complete(store.close()))
        key = added(folder / "longtake.db")
        ring = KeyRing(store, clock)
        loop.run_until_complete(ring.refresh())
        issuer = stack.enter_context(issuing())
        tokens = Tokens([issuer.row()], clock)
        rows = [CertificateRow(identity=_ADMITTED, roles=(Role.GENERATOR,))]
        authenticator = Authenticator(Proofs(ring, tokens, Certificates(rows)))
        stack.callback(lambda: loop.run_until_complete(authenticator.aclose()))
        credentials = _Credentials(authenticator, key.text, issuer)
        yield lambda data: loop.run_until_complete(credentials.once(data))


_SEEDS = [
    *(bytes([3, valid, 0, place]) for valid in range(4) for place in range(4)),
    b"\x02\x03ada" + bytes(range(1, 40)),
    b"\x00" + bytes([0] * 4) + b"\x01",
    b"\x01ltk_0123456789abcdefghijklmnopqrstuvwxyz",
    b"\x01eyJhbGciOiJub25lIn0.e30.",
]

CREDENTIALS = (Target("credentials", 0.08, _SEEDS, _credentials),)
