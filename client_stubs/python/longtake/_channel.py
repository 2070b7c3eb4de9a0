# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of a channel: limits, keepalive, retries."""

from __future__ import annotations

from importlib.resources import files

from longtake._address import Address

_MEBIBYTE = 1 << 20
_MAX_MESSAGE_BYTES = 64 * _MEBIBYTE


def channel_options(address: Address) -> list[tuple[str, str | int]]:
    """Return the gRPC options of a channel to an address."""
    config = files("longtake.v1").joinpath("video_service_grpc_service_config.json")
    # A proxy of the environment would take what is meant for this machine out of it.
    proxies: list[tuple[str, str | int]] = [("grpc.enable_http_proxy", 0)] if address.local else []
    return [
        *proxies,
        # It repeats calls after UNAVAILABLE, and after CANCELLED, which a stopping server answers.
        # Either may hide that the server has acted, so GenerateVideos is safe to repeat only
        # because each request has a request_id. gRPC does not repeat what the caller cancels.
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
