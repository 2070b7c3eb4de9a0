# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Who can connect to the TLS and the mTLS listener, and what the server knows of a client."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography import x509
from longtake_server.errors import StartFailure
from longtake_server.rpc.health_client import TlsOptions, check_health
from longtake_server.telemetry import Telemetry, metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader, NumberDataPoint
from rpc.rpc_certificates import Authority, Issued, TlsFolder, secure_channel
from rpc.rpc_tls_server import PEER, models, tls_serving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from rpc.rpc_tls_server import TlsServer

AUTHORITY = Authority()
CLIENTS = Authority("clients")
SERVER = AUTHORITY.server()
DAY = timedelta(days=1)
SPIFFE = x509.UniformResourceIdentifier("spiffe://example.org/worker")
URI = x509.UniformResourceIdentifier("https://example.org/worker")
DNS = x509.DNSName("worker.example.org")


@pytest.fixture
def files(tmp_path: Path) -> TlsFolder:
    folder = TlsFolder(tmp_path / "tls")
    folder.put(SERVER, CLIENTS.pem)
    return folder


@pytest.fixture
async def server(tmp_path: Path, files: TlsFolder) -> AsyncIterator[TlsServer]:
    async with tls_serving(tmp_path, files) as running:
        yield running


async def known_of(address: str, client: Issued | None) -> list[str]:
    """Return what the server knows of a client, as `name=value`."""
    async with secure_channel(address, AUTHORITY.pem, client) as channel:
        ask: Any = channel.unary_unary(PEER)
        answer: bytes = await ask(b"")
    return sorted(answer.decode().split())


async def assert_unavailable(channel: grpc.aio.Channel) -> None:
    async with channel:
        # Without a deadline: a call that would hang ends the test by its timeout.
        with pytest.raises(grpc.aio.AioRpcError) as failed:
            await models(channel)
    assert failed.value.code() is grpc.StatusCode.UNAVAILABLE


async def test_a_plaintext_client_gets_a_failure_from_a_tls_listener(server: TlsServer) -> None:
    for address in (server.address, server.mtls_address):
        await assert_unavailable(grpc.aio.insecure_channel(address))


async def test_a_tls_client_that_does_not_know_the_authority_gets_a_failure(
    server: TlsServer,
) -> None:
    await assert_unavailable(secure_channel(server.address, CLIENTS.pem))


async def test_the_mtls_listener_refuses_clients_without_a_certificate_of_its_authorities(
    server: TlsServer,
) -> None:
    await assert_unavailable(secure_channel(server.mtls_address, AUTHORITY.pem))
    stranger = AUTHORITY.client(SPIFFE)
    await assert_unavailable(secure_channel(server.mtls_address, AUTHORITY.pem, stranger))


@pytest.mark.parametrize(
    ("names", "known"),
    [
        ((SPIFFE,), [f"peer_spiffe_id={SPIFFE.value}", f"peer_uri={SPIFFE.value}"]),
        ((URI,), [f"peer_uri={URI.value}"]),
        ((DNS,), [f"peer_dns={DNS.value}"]),
        (
            (SPIFFE, DNS),
            [
                f"peer_dns={DNS.value}",
                f"peer_spiffe_id={SPIFFE.value}",
                f"peer_uri={SPIFFE.value}",
            ],
        ),
        # A SPIFFE certificate has exactly one URI, so this is none.
        ((SPIFFE, URI), [f"peer_uri={URI.value}", f"peer_uri={SPIFFE.value}"]),
        ((), []),
    ],
    ids=["SPIFFE", "URI", "DNS", "SPIFFE and DNS", "two URIs", "common name alone"],
)
async def test_the_names_of_a_client_are_known_on_the_mtls_listener(
    server: TlsServer, names: tuple[x509.GeneralName, ...], known: list[str]
) -> None:
    assert await known_of(server.mtls_address, CLIENTS.client(*names)) == known


async def test_a_certificate_is_not_asked_for_on_the_tls_listener(server: TlsServer) -> None:
    assert await known_of(server.address, CLIENTS.client(SPIFFE)) == []


async def test_a_client_whose_authority_is_withdrawn_cannot_connect_again(
    server: TlsServer, files: TlsFolder
) -> None:
    old, new = CLIENTS.client(SPIFFE), Authority("new clients")
    async with secure_channel(server.mtls_address, AUTHORITY.pem, old) as open_channel:
        assert await models(open_channel) > 0
        files.put(SERVER, new.pem)
        await server.certificates.look()
        await assert_unavailable(secure_channel(server.mtls_address, AUTHORITY.pem, old))
        assert await known_of(server.mtls_address, new.client(DNS)) == [f"peer_dns={DNS.value}"]
        # gRPC does not close what is open: LONGTAKE_MAX_CONNECTION_AGE_SECONDS does.
        assert await models(open_channel) > 0


async def test_a_session_of_a_client_whose_authority_is_withdrawn_is_not_resumed(
    server: TlsServer, files: TlsFolder
) -> None:
    client = CLIENTS.client(SPIFFE)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    # With TLS 1.3, a client learns of a refusal only after its handshake.
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(
        written(files, "c.crt", client.pem), written(files, "c.key", client.key_pem)
    )
    first = await asyncio.to_thread(session_of, context, server.mtls_address, None)
    again = await asyncio.to_thread(session_of, context, server.mtls_address, first)
    assert again.id == first.id
    files.put(SERVER, Authority("new clients").pem)
    await server.certificates.look()
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.to_thread(session_of, context, server.mtls_address, first)


def session_of(
    context: ssl.SSLContext, address: str, session: ssl.SSLSession | None
) -> ssl.SSLSession:
    """Connect, perhaps with an earlier session, and return the session."""
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port))) as plain,
        context.wrap_socket(plain, server_hostname="localhost", session=session) as encrypted,
    ):
        # Proves that the server goes on: it speaks first in HTTP/2.
        assert encrypted.recv(1)
        assert encrypted.session_reused == (session is not None)
        assert encrypted.session is not None
        return encrypted.session


async def test_several_authorities_can_issue_the_certificates_of_clients(
    server: TlsServer, files: TlsFolder
) -> None:
    second = Authority("second")
    files.put(SERVER, CLIENTS.pem, second.pem)
    await server.certificates.look()
    for authority in (CLIENTS, second):
        assert await known_of(server.mtls_address, authority.client(DNS))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
async def test_tls_1_2_is_accepted_and_1_1_is_not(server: TlsServer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    # OpenSSL offers versions before 1.2 only at this level.
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    context.set_alpn_protocols(["h2"])
    host, _, port = server.address.rpartition(":")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    _, writer = await asyncio.open_connection(host, int(port), ssl=context)
    assert writer.get_extra_info("ssl_object").version() == "TLSv1.2"
    writer.transport.abort()
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    # gRPC closes the connection without an alert.
    with pytest.raises(ConnectionError):
        await asyncio.open_connection(host, int(port), ssl=context)


async def test_the_expiry_is_a_metric(server: TlsServer) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    telemetry = Telemetry(meter_provider=provider)
    telemetry.report(metrics.CERTIFICATE_EXPIRY, lambda: server.certificates.expiry)
    data = reader.get_metrics_data()
    provider.shutdown()
    assert data is not None
    found = data.resource_metrics[0].scope_metrics[0].metrics
    [metric] = [each for each in found if each.name == metrics.CERTIFICATE_EXPIRY.name]
    [point] = metric.data.data_points
    assert isinstance(point, NumberDataPoint)
    assert (metric.name, metric.unit) == ("longtake.certificate.expiry", "s")
    assert point.value == SERVER.certificate.not_valid_after_utc.timestamp()


async def test_health_is_asked_over_tls(server: TlsServer, files: TlsFolder) -> None:
    await check_health(server.address, TlsOptions())
    await check_health(server.address, TlsOptions(ca=written(files, "ca", AUTHORITY.pem)))
    with pytest.raises(StartFailure, match="for which --ca, --cert and --key are right"):
        await check_health(server.address, TlsOptions(ca=written(files, "other", CLIENTS.pem)))


async def test_health_is_asked_over_mtls_with_a_certificate(
    server: TlsServer, files: TlsFolder
) -> None:
    client = CLIENTS.client(SPIFFE)
    certificate, key = written(files, "c.crt", client.pem), written(files, "c.key", client.key_pem)
    await check_health(server.mtls_address, TlsOptions(certificate=certificate, key=key))
    with pytest.raises(StartFailure, match="for which --ca, --cert and --key are right"):
        await check_health(server.mtls_address, TlsOptions())
    with pytest.raises(StartFailure, match="--cert and --key: they are not a certificate and its"):
        await check_health(server.mtls_address, TlsOptions(certificate=certificate, key=files.key))


async def test_health_names_an_expired_certificate(server: TlsServer, files: TlsFolder) -> None:
    expired = AUTHORITY.server(valid_from=-2 * DAY, valid_to=-DAY)
    files.put(expired, CLIENTS.pem)
    await server.certificates.look()
    with pytest.raises(StartFailure, match=r"the certificate of .* expired at 2"):
        await check_health(server.address, TlsOptions())


def written(files: TlsFolder, name: str, content: bytes) -> Path:
    file = files.certificate.parent / name
    file.write_bytes(content)
    return file
