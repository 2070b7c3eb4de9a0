# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Starts the HTTP listener of callers. Imported only if it is configured, to save memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.http.app import create_application
from longtake_server.http.tls import tls_context
from longtake_server.http_listener import HttpListener

if TYPE_CHECKING:
    from longtake_server.http.parts import DoorParts
    from longtake_server.rpc.certificates import Certificates

SETTING = "LONGTAKE_HTTP_LISTEN"
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
        SETTING,
        _MOST_CONNECTIONS,
        grace_seconds=grace_seconds,
        tls=None if certificates is None else tls_context(certificates),
    )
