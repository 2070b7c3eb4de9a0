# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a channel: address, limits, keepalive, retries."""

from __future__ import annotations

import os
from importlib.resources import files

_MEBIBYTE = 1 << 20
_MAX_MESSAGE_BYTES = 64 * _MEBIBYTE
_DEFAULT_ADDRESS = "localhost:50051"


def address_of(address: str | None) -> str:
    """Return the given address, else LONGTAKE_ADDRESS, else `localhost:50051`."""
    return address or os.environ.get("LONGTAKE_ADDRESS") or _DEFAULT_ADDRESS


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
