# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The TLS of the HTTP listeners, with the certificate of the gRPC server."""

from __future__ import annotations

import os
import ssl
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from longtake_server.rpc.certificate_files import TlsIdentity
    from longtake_server.rpc.certificates import Certificates

_PROTOCOLS = ["http/1.1"]
_SPIFFE = "spiffe://"


def tls_context(certificates: Certificates) -> ssl.SSLContext:
    """Return the context of a listener that asks clients for no certificate.

    New connections see a certificate of the server that has changed.
    """
    context = _context()
    certificates.follow(lambda identity: _load(context, identity))
    return context


def mtls_context(certificates: Certificates) -> ssl.SSLContext:
    """Return the context of a listener that requires a certificate of each client.

    New connections see a certificate of the server, and authorities, that have changed.
    """
    accepting = _context()
    # A context cannot forget an authority, so each connection is given the newest context.
    newest = [accepting]

    def take(identity: TlsIdentity) -> None:
        newest[0] = _requiring(identity)

    def give(connection: ssl.SSLObject, *_: object) -> None:
        connection.context = newest[0]

    certificates.follow(take)
    # The certificate is required before the newest context is known.
    accepting.verify_mode = ssl.CERT_REQUIRED
    _resume_no_sessions(accepting)
    accepting.sni_callback = give
    return accepting


def names_of(certificate: Mapping[str, Any]) -> Mapping[str, Iterable[bytes]]:
    """Return the names in a client's certificate, as `identities_of` of identity takes them.

    Args:
        certificate: The certificate, as SSLSocket.getpeercert returns it.

    """
    names = certificate.get("subjectAltName", ())
    uris = [value.encode() for kind, value in names if kind == "URI"]
    found = {
        "peer_uri": uris,
        "peer_dns": [value.encode() for kind, value in names if kind == "DNS"],
    }
    # As gRPC: a SPIFFE ID is the only URI of its certificate.
    if len(uris) == 1 and uris[0].startswith(_SPIFFE.encode()):
        found["peer_spiffe_id"] = uris
    return found


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(_PROTOCOLS)
    return context


def _requiring(identity: TlsIdentity) -> ssl.SSLContext:
    context = _context()
    _load(context, identity)
    context.load_verify_locations(cadata=(identity.client_ca or b"").decode())
    context.verify_mode = ssl.CERT_REQUIRED
    _resume_no_sessions(context)
    return context


def _resume_no_sessions(context: ssl.SSLContext) -> None:
    """A session that resumes is not verified again, though its authority may be withdrawn."""
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 0


def _load(context: ssl.SSLContext, identity: TlsIdentity) -> None:
    # The library reads files only. What the operator's files hold may have changed since.
    with _file(identity.chain + identity.key) as path:
        context.load_cert_chain(path)


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """Return the path of a file that this process alone can read, in memory if there is a way."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("longtake-tls")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            yield f"/proc/self/fd/{handle}"
        return
    with tempfile.NamedTemporaryFile() as named:
        named.write(content)
        named.flush()
        yield named.name
