# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Certificates for a server and a client on this machine, as files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from rpc import rpc_certificates

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and of its key."""

    certificate: Path
    key: Path

    @property
    def files(self) -> tuple[Path, Path]:
        return self.certificate, self.key


class Authority:
    """Signs certificates for 127.0.0.1 and localhost, and writes them to a folder.

    Attributes:
        file: Its own certificate.
    """

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._folder = folder
        self._authority = rpc_certificates.Authority(f"test {name}")
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self._authority.pem)

    def pair(self, name: str, password: bytes | None = None) -> Pair:
        issued = self._authority.server()
        pair = Pair(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        pair.certificate.write_bytes(issued.pem)
        encryption = BestAvailableEncryption(password) if password else NoEncryption()
        pair.key.write_bytes(
            issued.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        )
        return pair

    def server(self, *, asks_clients: bool = False) -> grpc.ServerCredentials:
        """Return what a server of 127.0.0.1 needs; it may ask clients for a certificate."""
        pair = self.pair("server")
        return grpc.ssl_server_credentials(
            [(pair.key.read_bytes(), pair.certificate.read_bytes())],
            self.file.read_bytes() if asks_clients else None,
            asks_clients,
        )
