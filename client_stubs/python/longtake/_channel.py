# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How the client connects: address, limits, keepalive, retries."""

from __future__ import annotations

import os
from importlib.resources import files

_MEBIBYTE = 1 << 20
_MAX_MESSAGE_BYTES = 64 * _MEBIBYTE
_DEFAULT_ADDRESS = "localhost:50051"


def address_of(address: str | None) -> str:
    """Return the address given, else LONGTAKE_ADDRESS, else `localhost:50051`."""
    return address or os.environ.get("LONGTAKE_ADDRESS") or _DEFAULT_ADDRESS


def channel_options() -> list[tuple[str, str | int]]:
    """Return the options of a channel."""
    config = files("longtake.v1").joinpath("video_service_grpc_service_config.json")
    return [
        ("grpc.service_config", config.read_text()),
        ("grpc.enable_retries", 1),
        # A request that does not fit is not retried; the default would leave images out.
        ("grpc.per_rpc_retry_buffer_size", _MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
        # Finds connections that died in silence. Watches carry heartbeats more often than
        # servers allow pings, so that no server takes these for too many.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        ("grpc.keepalive_permit_without_calls", 0),
        # The default of two minutes would hold up a watch after the server's restart.
        ("grpc.initial_reconnect_backoff_ms", 500),
        ("grpc.max_reconnect_backoff_ms", 10_000),
    ]
