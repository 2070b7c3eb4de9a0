# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Binds the gRPC server to the addresses of the settings, with TLS if they set it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.rpc.certificate_files import CertificateFiles
    from longtake_server.rpc.certificates import Certificates
    from longtake_server.rpc.server import RpcServer
    from longtake_server.settings import Settings


@dataclass(frozen=True, slots=True)
class Listeners:
    """What the gRPC server listens on.

    Attributes:
        address: `host:port` of LONGTAKE_LISTEN, with the actual port.
        mtls_address: The same of LONGTAKE_MTLS_LISTEN, or None.
        certificates: The certificate of both, or None without TLS. Its owner runs it.
    """

    address: str
    mtls_address: str | None
    certificates: Certificates | None


async def bind(server: RpcServer, settings: Settings, clock: Clock) -> Listeners:
    """Bind the server to each address of the settings.

    Raises:
        StartFailure: An address cannot be listened on, or the TLS files cannot be used.

    """
    files = certificate_files(settings)
    if files is None:
        return Listeners(server.bind(settings.listen), None, None)
    from longtake_server.rpc.certificates import Certificates

    certificates = await Certificates.load(files, clock)
    address = server.bind(settings.listen, credentials=certificates.tls_credentials())
    mtls_address = settings.mtls_listen and server.bind(
        settings.mtls_listen, "LONGTAKE_MTLS_LISTEN", certificates.mtls_credentials()
    )
    return Listeners(address, mtls_address, certificates)


def certificate_files(settings: Settings) -> CertificateFiles | None:
    """Return the TLS files of the settings, or None without TLS.

    The modules for TLS are imported only if it is set, to save memory.
    """
    if settings.tls_certificate is None or settings.tls_key is None:
        return None
    from longtake_server.rpc.certificate_files import CertificateFiles

    return CertificateFiles(settings.tls_certificate, settings.tls_key, settings.mtls_client_ca)
