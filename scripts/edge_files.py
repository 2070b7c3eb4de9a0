# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The files that the edge needs: its configuration and a self-signed certificate."""

from __future__ import annotations

import datetime
import ipaddress
import json
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TEMPLATE = Path(__file__).parents[1] / "deploy" / "envoy.yaml"
FILTER = TEMPLATE.parent / "edge"
_DAYS = 30
_TIMEOUT = "      connect_timeout: 5s\n"
_HTTP_TIMEOUT = "      connect_timeout: 5.0s\n"
_TLS_TYPE = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"


@dataclass(frozen=True)
class Edge:
    """The addresses (`host:port`) and files of one edge.

    Calls go to the servers in turn, and signed addresses to their HTTP listeners, which are the
    `http_servers`. With a `server_ca`, the servers speak TLS, and that authority
    has issued their certificates.
    """

    listen: str
    tls_listen: str
    servers: tuple[str, ...]
    http_servers: tuple[str, ...]
    descriptor_set: Path
    certificate: Path
    key: Path
    server_ca: Path | None = None


def configuration(edge: Edge) -> str:
    """Return deploy/envoy.yaml with its addresses and paths replaced by those of `edge`.

    Raises:
        ValueError: An address is not `host:port`, or the file lacks text that is replaced.

    """
    text = TEMPLATE.read_text()
    for standing, wanted in (
        (_socket("127.0.0.1:8080"), _socket(edge.listen)),
        (_socket("127.0.0.1:8443"), _socket(edge.tls_listen)),
        (_endpoint("127.0.0.1:50051"), "".join(map(_endpoint, edge.servers))),
        (_endpoint("127.0.0.1:8082"), "".join(map(_endpoint, edge.http_servers))),
        ("/etc/longtake/edge/", f"{FILTER}/"),
        ("/etc/longtake/longtake.pb", str(edge.descriptor_set)),
        ("/etc/longtake/certificate.pem", str(edge.certificate)),
        ("/etc/longtake/key.pem", str(edge.key)),
        (_TIMEOUT, _TIMEOUT + _server_tls(edge, edge.servers, "h2")),
        (_HTTP_TIMEOUT, _HTTP_TIMEOUT + _server_tls(edge, edge.http_servers, "http/1.1")),
    ):
        before, found, after = text.rpartition(standing)
        if not found:
            raise ValueError(f"{TEMPLATE} has no {standing!r}")
        text = before + wanted + after
    return text


def write_certificate(certificate: Path, key: Path) -> None:
    """Write a self-signed certificate for localhost, valid for 30 days, and its key."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    addresses = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses])
    signed = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=_DAYS))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key.touch(mode=0o600)
    key.write_bytes(
        private.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )


def _server_tls(edge: Edge, servers: tuple[str, ...], protocol: str) -> str:
    """Return the line that makes the edge speak TLS to the servers, or nothing without TLS."""
    if edge.server_ca is None:
        return ""
    hosts = {server.rpartition(":")[0].strip("[]") for server in servers}
    names = {host for host in hosts if _is_name(host)}
    expected = [
        {"san_type": "DNS" if host in names else "IP_ADDRESS", "matcher": {"exact": host}}
        for host in sorted(hosts)
    ]
    context = {
        "@type": _TLS_TYPE,
        **({"sni": min(names)} if len(names) == 1 else {}),
        "common_tls_context": {
            "alpn_protocols": [protocol],
            "validation_context": {
                "trusted_ca": {"filename": str(edge.server_ca)},
                "match_typed_subject_alt_names": expected,
            },
        },
    }
    socket = {"name": "envoy.transport_sockets.tls", "typed_config": context}
    return f"      transport_socket: {json.dumps(socket)}\n"


def _is_name(host: str) -> bool:
    return any(letter.isalpha() for letter in host) and ":" not in host


def _endpoint(address: str) -> str:
    return (
        "              - endpoint:\n"
        "                  address:\n"
        f"                    socket_address: {_socket(address)}\n"
    )


def _socket(address: str) -> str:
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal():
        raise ValueError(f"{address!r} is not an address of the form host:port")
    return f"{{ address: {host.strip('[]')}, port_value: {port} }}"
