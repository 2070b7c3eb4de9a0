# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the names in a client's certificate into a principal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import CredentialUnknown
from longtake_server.identity.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from longtake_server.identity.identity_file import CertificateRow

# By rank: a certificate with a name of one kind has none of the later kinds. The common name is
# not among them, because nothing says whose name it is.
_KINDS = (("peer_spiffe_id", ""), ("peer_uri", "uri:"), ("peer_dns", "dns:"))
_LONGEST_IDENTITY = 256


def identities_of(properties: Mapping[str, Iterable[bytes]]) -> tuple[str, ...]:
    """Return the identities in a verified certificate, in its order; empty if it has none.

    A SPIFFE ID is an identity as it is. Without one, those are the URIs, as `uri:URI`, and
    without these the DNS names, as `dns:NAME`.

    Args:
        properties: The properties of the peer, as gRPC names them.

    """
    for key, prefix in _KINDS:
        found = tuple(
            f"{prefix}{value.decode()}" for value in properties.get(key, ()) if _is_plain(value)
        )
        if found:
            return found
    return ()


def _is_plain(value: bytes) -> bool:
    text = value.decode("ascii", "replace")
    return (
        0 < len(text) <= _LONGEST_IDENTITY
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


class Certificates:
    """Knows which identities are admitted, with which roles.

    Args:
        rows: The admitted identities. Of the rows that match, an exact one counts, or else the
            longest prefix.

    """

    def __init__(self, rows: Sequence[CertificateRow]) -> None:
        self._exact = {row.identity: row for row in rows if not row.identity.endswith("*")}
        prefixes = [row for row in rows if row.identity.endswith("*")]
        self._prefixes = sorted(prefixes, key=lambda row: len(row.identity), reverse=True)

    def principal_of(self, identities: Sequence[str]) -> Principal:
        """Return the principal of the first identity that is admitted.

        Raises:
            CredentialUnknown: None is.

        """
        for identity in identities:
            if (row := self._row(identity)) is not None:
                return Principal(identity, frozenset(row.roles), row.labels)
        raise CredentialUnknown("the server does not know the identity in the client's certificate")

    def _row(self, identity: str) -> CertificateRow | None:
        if (exact := self._exact.get(identity)) is not None:
            return exact
        fitting = (row for row in self._prefixes if identity.startswith(row.identity[:-1]))
        return next(fitting, None)
