# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a channel: address, limits, keepalive, retries."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from urllib.parse import urlsplit

_MEBIBYTE = 1 << 20
_MAX_MESSAGE_BYTES = 64 * _MEBIBYTE
_DEFAULT_ADDRESS = "localhost:50051"
_VARIABLE = "LONGTAKE_ADDRESS"
# Names that gRPC resolves in its own ways: https://grpc.github.io/grpc/core/md_doc_naming.html
_GRPC_NAME = re.compile(r"(dns|ipv4|ipv6|unix|unix-abstract|vsock|xds):")


def address_of(address: str | None) -> str:
    """Return the address given, else LONGTAKE_ADDRESS, else `localhost:50051`.

    Raises:
        ValueError: It is neither HOST:PORT nor a name with a scheme of gRPC's. gRPC itself
            would take a missing port as 443 and a large one modulo 65536.

    """
    chosen = address or os.environ.get(_VARIABLE) or _DEFAULT_ADDRESS
    if not _GRPC_NAME.match(chosen) and not _is_host_and_port(chosen):
        raise ValueError(
            f"{'address' if address else _VARIABLE}: {chosen!r} is not accepted; "
            "it is HOST:PORT, such as localhost:50051 or [::1]:50051, with a port from 1 to 65535"
        )
    return chosen


def _is_host_and_port(text: str) -> bool:
    try:
        parts = urlsplit(f"//{text}")
        has_both = bool(parts.hostname and parts.port)
    except ValueError:
        return False
    return has_both and parts.netloc == text and "@" not in text and not re.search(r"\s", text)


def channel_options() -> list[tuple[str, str | int]]:
    """Return the gRPC options of a channel."""
    config = files("longtake.v1").joinpath("video_service_grpc_service_config.json")
    return [
        ("grpc.service_config", config.read_text()),
        ("grpc.enable_retries", 1),
        # gRPC does not retry a request that exceeds the buffer. The default of 256 KiB is
        # too small for images.
        ("grpc.per_rpc_retry_buffer_size", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        # Detects dead connections. Heartbeats of watches are more frequent than these pings,
        # so that no server closes the connection for too many of them.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 0),
        # With the default of two minutes, a watch would resume late after a server restart.
        ("grpc.initial_reconnect_backoff_ms", 500),
        ("grpc.max_reconnect_backoff_ms", 10_000),
    ]
