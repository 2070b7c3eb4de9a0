# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP listener speaks TLS with the certificate of gRPC, and takes over a new one."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from cryptography import x509
from door.door_serving import http_serving
from door.door_videos import VIDEO, signed_video
from fakes.clock import FakeClock
from longtake_server.rpc.certificate_files import CertificateFiles
from longtake_server.rpc.certificates import Certificates
from rpc.rpc_certificates import Authority, TlsFolder

if TYPE_CHECKING:
    from pathlib import Path


def serial_at(address: str) -> int:
    """Return the serial number of the certificate that an address presents. Blocks."""
    host, _, port = address.rpartition(":")
    pem = ssl.get_server_certificate((host, int(port)))
    return x509.load_pem_x509_certificate(pem.encode()).serial_number


async def test_addresses_are_https_and_new_connections_see_a_new_certificate(
    tmp_path: Path,
) -> None:
    authority, files = Authority(), TlsFolder(tmp_path / "tls")
    first, second = authority.server(), authority.server()
    files.put(first)
    clock = FakeClock(datetime.now(UTC))
    certificates = await Certificates.load(
        CertificateFiles(files.certificate, files.key, None), clock
    )
    async with http_serving(tmp_path, clock=clock, certificates=certificates) as door:
        url = await signed_video(door)
        assert urlsplit(url).scheme == "https"
        trusting = ssl.create_default_context(cadata=authority.pem.decode())
        async with httpx.AsyncClient(verify=trusting) as client:
            assert (await client.get(url)).content == VIDEO
            assert await asyncio.to_thread(serial_at, door.address) == first.serial
            files.put(second)
            await certificates.look()
            assert await asyncio.to_thread(serial_at, door.address) == second.serial
            assert (await client.get(url)).content == VIDEO
