# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The second HTTP listener requires certificates, which say who calls, as on the gRPC one."""

from __future__ import annotations

import ssl
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest
from cryptography import x509
from door.door_serving import http_serving
from fakes.clock import FakeClock
from identity.identity_known_keys import KnownKeys
from longtake_server.identity.authentication import Proofs
from longtake_server.identity.certificates import Certificates as Admitted
from longtake_server.identity.identity_file import CertificateRow
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.store import Filter
from longtake_server.rpc.certificate_files import CertificateFiles
from longtake_server.rpc.certificates import Certificates
from rpc.rpc_certificates import Authority, Issued, TlsFolder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from door.door_serving import HttpDoor

SUBMIT = "/v1/publishers/google/models/veo-3.1-generate-001:predictLongRunning"
BODY = {"instances": [{"prompt": "a dog"}]}
AUTHORITY, CLIENTS, OTHERS = Authority(), Authority("clients"), Authority("others")
SERVER = AUTHORITY.server()
SPIFFE = x509.UniformResourceIdentifier("spiffe://example.org/worker")
URI = x509.UniformResourceIdentifier("https://example.org/worker")
DNS = x509.DNSName("worker.example.org")
IDENTITIES = ("spiffe://example.org/worker", "uri:https://example.org/worker")
ROWS = [CertificateRow(identity=one, roles=(Role.GENERATOR,)) for one in IDENTITIES]
KEY = "ltk_ann"
PROOFS = Proofs(
    keys=KnownKeys({KEY: Principal("ann", frozenset({Role.GENERATOR}))}),
    certificates=Admitted(ROWS),
)


@pytest.fixture
def files(tmp_path: Path) -> TlsFolder:
    folder = TlsFolder(tmp_path / "tls")
    folder.put(SERVER, CLIENTS.pem)
    return folder


@asynccontextmanager
async def serving(folder: Path, files: TlsFolder) -> AsyncIterator[tuple[HttpDoor, Certificates]]:
    clock = FakeClock(datetime.now(UTC))
    certificates = await Certificates.load(
        CertificateFiles(files.certificate, files.key, files.client_ca), clock
    )
    async with http_serving(
        folder, clock=clock, proofs=PROOFS, certificates=certificates, requires_certificates=True
    ) as door:
        yield door, certificates


def presenting(folder: Path, address: str, client: Issued | None) -> httpx.AsyncClient:
    """Return an HTTP client that presents a certificate, if it has one."""
    context = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
    if client is not None:
        path = folder / f"{client.serial}.pem"
        path.write_bytes(client.pem + client.key_pem)
        context.load_cert_chain(path)
    return httpx.AsyncClient(base_url=f"https://{address}", verify=context)


async def owners(door: HttpDoor) -> list[str]:
    listed = await door.grpc.parts.store.list(Filter(), 10)
    return [record.caller for record in listed.records]


@pytest.mark.parametrize(
    ("names", "identity"),
    [
        ((SPIFFE, DNS), IDENTITIES[0]),
        ((URI, DNS), IDENTITIES[1]),
        # Of several URIs none is a SPIFFE ID.
        ((URI, SPIFFE), IDENTITIES[1]),
    ],
)
async def test_a_certificate_says_whose_operation_it_is(
    tmp_path: Path, files: TlsFolder, names: tuple[x509.GeneralName, ...], identity: str
) -> None:
    async with serving(tmp_path, files) as (door, _):
        async with presenting(tmp_path, door.mtls_address, CLIENTS.client(*names)) as client:
            assert (await client.post(SUBMIT, json=BODY)).status_code == 200
        assert await owners(door) == [identity]


async def test_a_key_counts_before_the_certificate(tmp_path: Path, files: TlsFolder) -> None:
    async with serving(tmp_path, files) as (door, _):
        async with presenting(tmp_path, door.mtls_address, CLIENTS.client(SPIFFE)) as client:
            answer = await client.post(SUBMIT, json=BODY, headers={"x-goog-api-key": KEY})
            assert answer.status_code == 200
        assert await owners(door) == ["ann"]


@pytest.mark.parametrize("names", [(DNS,), ()])
async def test_a_certificate_that_is_not_admitted_gets_googles_401(
    tmp_path: Path, files: TlsFolder, names: tuple[x509.GeneralName, ...]
) -> None:
    async with serving(tmp_path, files) as (door, _):
        async with presenting(tmp_path, door.mtls_address, CLIENTS.client(*names)) as client:
            answer = await client.post(SUBMIT, json=BODY)
            assert (answer.status_code, answer.json()["error"]["status"]) == (
                401,
                "UNAUTHENTICATED",
            )
        assert await owners(door) == []


@pytest.mark.parametrize("client", [None, OTHERS.client(SPIFFE)])
async def test_no_certificate_of_the_authorities_is_no_connection(
    tmp_path: Path, files: TlsFolder, client: Issued | None
) -> None:
    async with serving(tmp_path, files) as (door, _):
        async with presenting(tmp_path, door.mtls_address, client) as caller:
            with pytest.raises(httpx.TransportError):
                await caller.post(SUBMIT, json=BODY)
        assert await owners(door) == []


async def test_the_first_listener_asks_for_no_certificate(tmp_path: Path, files: TlsFolder) -> None:
    async with (
        serving(tmp_path, files) as (door, _),
        presenting(tmp_path, door.address, CLIENTS.client(SPIFFE)) as client,
    ):
        assert (await client.post(SUBMIT, json=BODY)).status_code == 401


async def test_a_withdrawn_authority_admits_no_new_connection(
    tmp_path: Path, files: TlsFolder
) -> None:
    known, new = CLIENTS.client(SPIFFE), OTHERS.client(SPIFFE)
    async with serving(tmp_path, files) as (door, certificates):
        async with presenting(tmp_path, door.mtls_address, known) as client:
            assert (await client.post(SUBMIT, json=BODY)).status_code == 200
        files.put(AUTHORITY.server(), OTHERS.pem)
        await certificates.look()
        async with presenting(tmp_path, door.mtls_address, known) as client:
            with pytest.raises(httpx.TransportError):
                await client.post(SUBMIT, json=BODY)
        async with presenting(tmp_path, door.mtls_address, new) as client:
            assert (await client.post(SUBMIT, json=BODY)).status_code == 200
