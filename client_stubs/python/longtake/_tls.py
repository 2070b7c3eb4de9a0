# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the files for TLS and checks them, because gRPC does not say what is wrong with one."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from typing import NoReturn

import grpc

File = str | PathLike[str]


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file, and the name of the setting that names it."""

    setting: str
    path: File

    def read(self) -> bytes:
        """Return its bytes.

        Raises:
            ValueError: It cannot be read.

        """
        try:
            return Path(self.path).read_bytes()
        except OSError as error:
            raise self.wrong(f"cannot be read: {error.strerror}") from error

    def wrong(self, why: str) -> ValueError:
        """Return the error for the file. It does not repeat what the file contains."""
        return ValueError(f"{self.setting}: the file {fspath(self.path)} {why}")


def tls_credentials(
    ca: NamedFile | None, certificate: NamedFile | None, key: NamedFile | None
) -> grpc.ChannelCredentials:
    """Return what TLS needs of the client.

    Args:
        ca: The certificates to trust, in PEM. Default: those that gRPC comes with.
        certificate: The certificate of the client, followed by its chain, in PEM.
        key: The private key of the certificate, in PEM and not encrypted.

    Raises:
        ValueError: A file cannot be read, or is not what it has to be.

    """
    roots = None if ca is None else _roots(ca)
    if certificate is None or key is None:
        return grpc.ssl_channel_credentials(roots)
    chain, secret = certificate.read(), key.read()
    _check_pair(certificate, key)
    return grpc.ssl_channel_credentials(roots, secret, chain)


def _roots(ca: NamedFile) -> bytes:
    data = ca.read()
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=data.decode())
    except (ssl.SSLError, ValueError):
        raise ca.wrong("has no certificate in PEM") from None
    return data


def _check_pair(certificate: NamedFile, key: NamedFile) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)

    def ask_for_password() -> NoReturn:
        raise key.wrong("is encrypted; the key must not need a password")

    try:
        context.load_cert_chain(
            fspath(certificate.path), fspath(key.path), password=ask_for_password
        )
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise key.wrong("is not the key of the certificate") from None
        raise certificate.wrong(
            f"and the key {fspath(key.path)} are not a certificate and a private key in PEM"
        ) from None
