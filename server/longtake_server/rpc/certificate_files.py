# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the TLS files and checks that a server can use them together.

gRPC does not say why it refuses files, and does not refuse all that no client accepts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from longtake_server.errors import CertificateRefused

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import (
        PrivateKeyTypes,
        PublicKeyTypes,
    )

_CERTIFICATE = "LONGTAKE_TLS_CERTIFICATE"
_KEY = "LONGTAKE_TLS_KEY"
_CLIENT_CA = "LONGTAKE_MTLS_CLIENT_CA"
_LARGEST_BYTES = 1 << 20
_SHORTEST_RSA_BITS = 2048
# gRPC's clients accept no signatures of other curves or of Ed25519 keys.
_CURVES = (ec.SECP256R1, ec.SECP384R1)
# What the library raises for bytes that are no certificate. Several derive from Exception alone.
_UNREADABLE = (
    ValueError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_KEY_KINDS = f"an RSA key of at least {_SHORTEST_RSA_BITS} bits, or an EC key on P-256 or P-384"


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate is valid.

    Attributes:
        not_before: The first moment.
        not_after: The last moment.
    """

    not_before: datetime
    not_after: datetime

    def fault(self, now: datetime) -> str | None:
        """Return why the certificate is not valid now, or None."""
        if now < self.not_before:
            return f"it is not valid before {self.not_before.isoformat()}"
        return f"it expired at {self.not_after.isoformat()}" if now > self.not_after else None


@dataclass(frozen=True, slots=True)
class TlsIdentity:
    """A certificate and its key that were checked, in PEM, and who may connect to it.

    Attributes:
        chain: The certificate, followed by the intermediate ones.
        key: The private key of the certificate.
        client_ca: The authorities of the certificates of clients, or None.
        serial: The serial number of the certificate.
        validity: When the certificate is valid.
        client_ca_validities: When each of the authorities' certificates is valid.
    """

    chain: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None
    serial: int
    validity: Validity
    client_ca_validities: tuple[Validity, ...]


@dataclass(frozen=True, slots=True)
class FileContents:
    """What the TLS files hold. It may be of any kind until `identity` has returned."""

    certificate: bytes
    key: bytes = field(repr=False)
    client_ca: bytes | None

    def identity(self) -> TlsIdentity:
        """Return what the files hold, checked. Takes milliseconds: call it in a thread.

        Raises:
            CertificateRefused: A file is not what it must be, or the key is another's.

        """
        chain = _certificates(self.certificate, _CERTIFICATE)
        key = _private_key(self.key)
        _check_pair(chain, key)
        authorities = () if self.client_ca is None else _certificates(self.client_ca, _CLIENT_CA)
        return TlsIdentity(
            chain=_pem(chain),
            key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
            client_ca=_pem(authorities) or None,
            serial=chain[0].serial_number,
            validity=_validity(chain[0]),
            client_ca_validities=tuple(map(_validity, authorities)),
        )


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where the TLS files are.

    Attributes:
        certificate: The certificate of the server, followed by the intermediate ones.
        key: The private key of the certificate.
        client_ca: The authorities of the certificates of clients, or None.
    """

    certificate: Path
    key: Path
    client_ca: Path | None

    def read(self) -> FileContents:
        """Return what the files hold now. Blocks.

        Raises:
            CertificateRefused: A file cannot be read.

        """
        return FileContents(
            _content(self.certificate, _CERTIFICATE),
            _content(self.key, _KEY),
            None if self.client_ca is None else _content(self.client_ca, _CLIENT_CA),
        )


def _content(file: Path, setting: str) -> bytes:
    # The messages do not name the file: the setting may hold a secret by mistake.
    try:
        if file.exists() and not file.is_file():
            raise CertificateRefused(f"{setting} is not a regular file")
        with file.open("rb") as opened:
            content = opened.read(_LARGEST_BYTES + 1)
    except OSError as error:
        cause = (error.strerror or "error").lower()
        raise CertificateRefused(f"{setting}: the file cannot be read: {cause}") from error
    if len(content) > _LARGEST_BYTES:
        raise CertificateRefused(f"{setting}: the file is larger than {_LARGEST_BYTES} bytes")
    return content


def _certificates(content: bytes, setting: str) -> Sequence[x509.Certificate]:
    try:
        found = x509.load_pem_x509_certificates(content)
        for certificate in found:
            # These are decoded only when they are read.
            _public(certificate.public_key())
            list(certificate.extensions)
            for name in (certificate.subject, certificate.issuer):
                name.public_bytes()
    except _UNREADABLE as error:
        raise CertificateRefused(
            f"{setting}: the file holds no PEM certificate, or one that cannot be read"
        ) from error
    return found


def _private_key(content: bytes) -> PrivateKeyTypes:
    try:
        return load_pem_private_key(content, password=None)
    except TypeError as error:
        raise CertificateRefused(
            f"{_KEY}: the key is encrypted; accepted is a key without a password"
        ) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CertificateRefused(f"{_KEY}: the file holds no PEM private key") from error


def _check_pair(chain: Sequence[x509.Certificate], key: PrivateKeyTypes) -> None:
    rsa_fits = isinstance(key, rsa.RSAPrivateKey) and key.key_size >= _SHORTEST_RSA_BITS
    ec_fits = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, _CURVES)
    if not (rsa_fits or ec_fits):
        raise CertificateRefused(f"{_KEY}: gRPC clients accept {_KEY_KINDS}")
    own = _public(key.public_key())
    first, *others = chain
    if _public(first.public_key()) == own:
        return
    if any(_public(one.public_key()) == own for one in others):
        raise CertificateRefused(
            f"{_CERTIFICATE}: the certificate of {_KEY} must be the first in the file"
        )
    raise CertificateRefused(f"{_KEY} is not the key of the certificate in {_CERTIFICATE}")


def _public(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _pem(certificates: Sequence[x509.Certificate]) -> bytes:
    return b"".join(one.public_bytes(Encoding.PEM) for one in certificates)


def _validity(certificate: x509.Certificate) -> Validity:
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
