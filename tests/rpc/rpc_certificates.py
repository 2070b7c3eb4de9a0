# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Real certificates for tests: authorities, servers and clients, and the files that hold them."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes

_DAY = timedelta(days=1)
LOCALHOST = (x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1")))


@dataclass(frozen=True)
class Issued:
    """A certificate with its key."""

    certificate: x509.Certificate
    key: CertificateIssuerPrivateKeyTypes

    @property
    def serial(self) -> int:
        return self.certificate.serial_number

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def key_pem(self) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Authority:
    """Issues certificates."""

    def __init__(self, name: str = "authority", *, valid_to: timedelta = _DAY) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _signed(
            name, key, key, name, (), is_authority=True, valid_from=-2 * _DAY, valid_to=valid_to
        )
        self.issued = Issued(certificate, key)

    @property
    def pem(self) -> bytes:
        return self.issued.pem

    def server(
        self,
        key: CertificateIssuerPrivateKeyTypes | None = None,
        *,
        valid_from: timedelta = -_DAY,
        valid_to: timedelta = _DAY,
    ) -> Issued:
        """Issue a certificate for localhost; `valid_from` and `valid_to` count from now."""
        return self._issue("server", LOCALHOST, key, valid_from, valid_to)

    def client(self, *names: x509.GeneralName) -> Issued:
        """Issue a certificate for a client with these subject alternative names."""
        return self._issue("client", names, None, -_DAY, _DAY)

    def _issue(
        self,
        name: str,
        names: Iterable[x509.GeneralName],
        key: CertificateIssuerPrivateKeyTypes | None,
        valid_from: timedelta,
        valid_to: timedelta,
    ) -> Issued:
        own = key or ec.generate_private_key(ec.SECP256R1())
        issuer = self.issued.certificate.subject.rfc4514_string().removeprefix("CN=")
        certificate = _signed(
            name, own, self.issued.key, issuer, names, valid_from=valid_from, valid_to=valid_to
        )
        return Issued(certificate, own)


def _signed(
    name: str,
    key: CertificateIssuerPrivateKeyTypes,
    signer: CertificateIssuerPrivateKeyTypes,
    issuer: str,
    names: Iterable[x509.GeneralName],
    *,
    is_authority: bool = False,
    valid_from: timedelta = -_DAY,
    valid_to: timedelta = _DAY,
) -> x509.Certificate:
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder(_name(issuer), _name(name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + valid_from)
        .not_valid_after(now + valid_to)
        .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
    )
    if listed := list(names):
        builder = builder.add_extension(x509.SubjectAlternativeName(listed), critical=False)
    own_hash = isinstance(signer, ed25519.Ed25519PrivateKey)
    return builder.sign(signer, None if own_hash else hashes.SHA256())


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class TlsFolder:
    """The TLS files of a server, replaced as Kubernetes replaces those of a mounted secret.

    `certificate`, `key` and `client_ca` lead through a symbolic link to a folder, which is
    switched to another folder at once.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._versions = 0
        self.certificate = folder / "current" / "tls.crt"
        self.key = folder / "current" / "tls.key"
        self.client_ca = folder / "current" / "ca.crt"

    def write(self, certificate: bytes, key: bytes, client_ca: bytes = b"") -> None:
        self._versions += 1
        version = self._folder / f"version-{self._versions}"
        version.mkdir(parents=True)
        contents = {"tls.crt": certificate, "tls.key": key, "ca.crt": client_ca}
        for name, content in contents.items():
            (version / name).write_bytes(content)
        link = self._folder / "next"
        link.symlink_to(version.name)
        link.replace(self._folder / "current")

    def put(self, issued: Issued, *client_ca: bytes) -> None:
        self.write(issued.pem, issued.key_pem, b"".join(client_ca))


def secure_channel(address: str, roots: bytes, client: Issued | None = None) -> grpc.aio.Channel:
    """Return a channel with a connection of its own."""
    pair = (None, None) if client is None else (client.key_pem, client.pem)
    return grpc.aio.secure_channel(
        address,
        grpc.ssl_channel_credentials(roots, *pair),
        options=(("grpc.use_local_subchannel_pool", 1),),
    )


async def serial_at(address: str) -> int:
    """Return the serial number of the certificate that a new connection sees."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    host, _, port = address.rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    presented = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.transport.abort()
    return x509.load_der_x509_certificate(presented).serial_number
