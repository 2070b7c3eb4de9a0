# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The TLS of the HTTP listener, with the certificate of the gRPC server."""

from __future__ import annotations

import os
import ssl
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.rpc.certificate_files import TlsIdentity
    from longtake_server.rpc.certificates import Certificates

_PROTOCOLS = ["http/1.1"]


def tls_context(certificates: Certificates) -> ssl.SSLContext:
    """Return the context of a listener. New connections see a certificate that has changed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(_PROTOCOLS)
    certificates.follow(lambda identity: _load(context, identity))
    return context


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
