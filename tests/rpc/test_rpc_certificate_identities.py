# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The certificate of a connection says who calls, over real mutual TLS."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from cryptography import x509
from longtake_server.clock import SystemClock
from longtake_server.identity.authentication import Authenticator, Proofs
from longtake_server.identity.certificates import Certificates
from longtake_server.identity.identity_file import CertificateRow
from longtake_server.identity.principal import Role
from longtake_server.rpc.door import Door, principal_of_call
from longtake_server.rpc.interceptors import Calls
from longtake_server.rpc.observation import Observer
from longtake_server.rpc.request_budget import RequestBudget
from longtake_server.telemetry import Telemetry
from rpc.rpc_certificates import Authority
from rpc.rpc_server import refused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

ROWS = [
    CertificateRow(identity="spiffe://example.org/ns/prod/*", roles=(Role.GENERATOR,)),
    CertificateRow(identity="uri:https://orders.example.org", roles=(Role.READER,)),
    CertificateRow(identity="dns:batch.example.org", roles=(Role.READER,)),
]
SPIFFE = x509.UniformResourceIdentifier("spiffe://example.org/ns/prod/orders")
URI = x509.UniformResourceIdentifier("https://orders.example.org")
DNS = x509.DNSName("batch.example.org")


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@asynccontextmanager
async def serving(authority: Authority) -> AsyncIterator[str]:
    """Serve one method, which answers with the id of the principal, over mutual TLS."""
    clock = SystemClock()
    server = grpc.aio.server()
    calls = Calls(
        server,
        max_request_bytes=10,
        budget=RequestBudget(10),
        send_timeout_seconds=600.0,
        observer=Observer(clock, Telemetry()),
        door=Door(Authenticator(Proofs(certificates=Certificates(ROWS))), clock),
    )

    async def answer(request: bytes, context: Any) -> bytes:
        return principal_of_call().id.encode()

    behaviour: Any = answer
    handler: grpc.RpcMethodHandler[bytes, bytes] = grpc.unary_unary_rpc_method_handler(
        behaviour, request_deserializer=bytes
    )
    calls.add_registered_method_handlers("test.Service", {"Who": handler})
    issued = authority.server()
    credentials = grpc.ssl_server_credentials(
        [(issued.key_pem, issued.pem)], root_certificates=authority.pem, require_client_auth=True
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(0)


@asynccontextmanager
async def calling(
    address: str, authority: Authority, names: Sequence[x509.GeneralName]
) -> AsyncIterator[Any]:
    """Return the method, called with a certificate of these names."""
    client = authority.client(*names)
    credentials = grpc.ssl_channel_credentials(authority.pem, client.key_pem, client.pem)
    async with grpc.aio.secure_channel(address, credentials) as channel:
        yield channel.unary_unary("/test.Service/Who")


@pytest.mark.parametrize(
    ("names", "principal"),
    [
        ([SPIFFE, DNS], "spiffe://example.org/ns/prod/orders"),
        ([DNS, URI], "uri:https://orders.example.org"),
        ([x509.DNSName("other.example.org"), DNS], "dns:batch.example.org"),
    ],
)
async def test_a_certificate_names_the_principal(
    authority: Authority, names: Sequence[x509.GeneralName], principal: str
) -> None:
    async with serving(authority) as address, calling(address, authority, names) as who:
        assert await who(b"") == principal.encode()


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        # A common name alone is nobody's.
        ([], "CREDENTIAL_MISSING"),
        ([x509.UniformResourceIdentifier("spiffe://example.org/ns/test/a")], "CREDENTIAL_UNKNOWN"),
        # A SPIFFE ID that is not admitted is not made up for by a name that is.
        (
            [x509.UniformResourceIdentifier("spiffe://example.org/ns/test/a"), DNS],
            "CREDENTIAL_UNKNOWN",
        ),
    ],
)
async def test_a_certificate_without_an_admitted_name_is_refused(
    authority: Authority, names: Sequence[x509.GeneralName], reason: str
) -> None:
    async with serving(authority) as address, calling(address, authority, names) as who:
        fault = await refused(who(b""))
    assert (fault.code, fault.reason) == (grpc.StatusCode.UNAUTHENTICATED, reason)
