# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the HTTP listeners of callers. Imported only if they are configured, to save memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.http.app import create_application
from longtake_server.http.tls import mtls_context, tls_context
from longtake_server.http_listener import HttpListener

if TYPE_CHECKING:
    from longtake_server.http.parts import DoorParts
    from longtake_server.rpc.certificates import Certificates

_MOST_CONNECTIONS = 1000


def door_listener(
    parts: DoorParts, grace_seconds: float, certificates: Certificates | None = None
) -> HttpListener:
    """Return the listener, not bound.

    Args:
        parts: What its routes share.
        grace_seconds: How long requests under way may take when it stops.
        certificates: The certificate for TLS, None for plaintext.

    """
    return HttpListener(
        create_application(parts),
        "LONGTAKE_HTTP_LISTEN",
        _MOST_CONNECTIONS,
        grace_seconds=grace_seconds,
        tls=None if certificates is None else tls_context(certificates),
    )


def mtls_door_listener(
    parts: DoorParts, grace_seconds: float, certificates: Certificates
) -> HttpListener:
    """Return the listener that requires a certificate of each client, not bound.

    Args:
        parts: What its routes share.
        grace_seconds: How long requests under way may take when it stops.
        certificates: The certificate for TLS, and the authorities of the clients.

    """
    return HttpListener(
        create_application(parts),
        "LONGTAKE_HTTP_MTLS_LISTEN",
        _MOST_CONNECTIONS,
        grace_seconds=grace_seconds,
        tls=mtls_context(certificates),
    )
