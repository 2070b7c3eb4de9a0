# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The gRPC server: services, options, address, shutdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import add_OperationsServicer_to_server
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from longtake.v1 import video_service_pb2, webhook_service_pb2
from longtake.v1.video_service_pb2_grpc import add_VideoServiceServicer_to_server
from longtake.v1.webhook_service_pb2_grpc import add_WebhookServiceServicer_to_server

from longtake_server.errors import StartFailure
from longtake_server.listening import check_free
from longtake_server.rpc.encoded import EncodedOperations
from longtake_server.rpc.interceptors import Calls
from longtake_server.rpc.library_log import drop_disconnects
from longtake_server.rpc.observation import Observer
from longtake_server.rpc.operations_servicer import StandardOperationsServicer
from longtake_server.rpc.reflection import add_reflection
from longtake_server.rpc.video_servicer import VideoServicer
from longtake_server.rpc.webhook_servicer import WebhookServicer

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.operations.service import VideoOperations
    from longtake_server.rpc.door import Door
    from longtake_server.rpc.health import HealthServicer
    from longtake_server.rpc.request_budget import RequestBudget
    from longtake_server.telemetry import Telemetry
    from longtake_server.webhooks.service import Webhooks

_MEBIBYTE = 1 << 20
_MOST_PENDING = 100_000

_SERVICES = (
    video_service_pb2.DESCRIPTOR.services_by_name["VideoService"].full_name,
    webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"].full_name,
    operations_pb2.DESCRIPTOR.services_by_name["Operations"].full_name,
)

OPTIONS = (
    # include_video_data may answer with 16 MiB.
    ("grpc.max_send_message_length", 64 * _MEBIBYTE),
    # Refuse compressed requests (UNIMPLEMENTED): gRPC expands them before this code sees them, and
    # 61 KB of gzip become 60 MiB. The bits stand for identity, deflate and gzip.
    ("grpc.compression_enabled_algorithms_bitset", 0b001),
    # Two servers on one port would share its calls at random.
    ("grpc.so_reuseport", 0),
    # With gRPC's own limit, watchers that reconnect after a restart get CANCELLED at random. What
    # bounds the queue is the number of calls on each connection.
    ("grpc.server.max_pending_requests", _MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", _MOST_PENDING),
    # Lets clients ping to keep connections open through proxies that close idle ones.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
"""The options that do not depend on settings."""

# A request that exceeds the limit by up to this much gets an error with details. gRPC refuses a
# larger one by its length prefix, before it reads the rest.
_RECEIVE_MARGIN = 4 * _MEBIBYTE


def _limits(max_request_bytes: int, max_calls: int) -> tuple[tuple[str, int], ...]:
    """Return the options that bound what one connection can cost.

    gRPC counts a cancelled call until it is released, so a client that opens and resets calls
    rapidly is refused (CVE-2023-44487).
    """
    return (
        ("grpc.max_receive_message_length", max_request_bytes + _RECEIVE_MARGIN),
        ("grpc.max_concurrent_streams", max_calls),
    )


def _connection_age(seconds: float | None, grace_seconds: float) -> tuple[tuple[str, int], ...]:
    """Return the options for the maximum age of connections; gRPC adds up to 10 % jitter."""
    if seconds is None:
        return ()
    return (
        ("grpc.max_connection_age_ms", max(1, round(seconds * 1000))),
        ("grpc.max_connection_age_grace_ms", round(grace_seconds * 1000)),
    )


class RpcServer:
    """Serves VideoService, WebhookService, the standard Operations, health and reflection.

    Args:
        service: The use cases of operations.
        webhooks: The use cases of webhooks.
        health_servicer: Reports the health of the server and its upstreams.
        max_request_bytes: The largest request message.
        budget: Bounds the requests in flight.
        max_calls_per_connection: The largest number of concurrent calls on one connection.
        send_timeout_seconds: How long a reader may leave a message of a stream unread.
        clock: Time.
        telemetry: Records spans and metrics.
        door: Admits calls. Whoever builds the server runs it.
        max_connection_age_seconds: The age at which connections are closed, or None.
        connection_grace_seconds: How long calls on a closed connection may continue.

    """

    def __init__(
        self,
        service: VideoOperations,
        webhooks: Webhooks,
        health_servicer: HealthServicer,
        *,
        max_request_bytes: int,
        budget: RequestBudget,
        max_calls_per_connection: int = 1000,
        send_timeout_seconds: float,
        clock: Clock,
        telemetry: Telemetry,
        door: Door,
        max_connection_age_seconds: float | None = None,
        connection_grace_seconds: float = 20.0,
    ) -> None:
        drop_disconnects()
        options = (
            *OPTIONS,
            *_limits(max_request_bytes, max_calls_per_connection),
            *_connection_age(max_connection_age_seconds, connection_grace_seconds),
        )
        self._server = grpc.aio.server(options=options)
        self._health = health_servicer
        calls: Any = Calls(
            self._server,
            max_request_bytes=max_request_bytes,
            budget=budget,
            send_timeout_seconds=send_timeout_seconds,
            observer=Observer(clock, telemetry),
            door=door,
        )
        self._encoded = EncodedOperations()
        videos = VideoServicer(service, self._encoded, clock, telemetry)
        add_VideoServiceServicer_to_server(videos, calls)
        add_WebhookServiceServicer_to_server(WebhookServicer(webhooks), calls)
        add_OperationsServicer_to_server(StandardOperationsServicer(service), calls)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, calls)
        add_reflection(calls, (*_SERVICES, health.SERVICE_NAME))

    def bind(
        self,
        address: str,
        setting: str = "LONGTAKE_LISTEN",
        credentials: grpc.ServerCredentials | None = None,
    ) -> str:
        """Bind to `host:port` and return it with the actual port. Call it once per address.

        Args:
            address: The address.
            setting: The variable that sets it.
            credentials: For TLS, which is then at least version 1.2; None for plaintext.

        Raises:
            StartFailure: The address is in use, or is not an address of this machine.

        """
        check_free(address, setting)
        try:
            port = (
                self._server.add_insecure_port(address)
                if credentials is None
                else self._server.add_secure_port(address, credentials)
            )
        except RuntimeError as error:
            raise StartFailure(
                f"cannot listen on {address}: set {setting} to another address"
            ) from error
        return f"{address.rpartition(':')[0]}:{port}"

    async def start(self) -> None:
        """Start to serve, and set all services to SERVING."""
        for service in ("", *_SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        await self._server.start()

    def forget_encodings(self) -> None:
        """Empty the cache of encoded operations."""
        self._encoded.clear()

    async def enter_shutdown(self) -> None:
        """Set all services to NOT_SERVING and end health watches."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_seconds: float) -> None:
        """Refuse new calls and wait up to the grace period for running ones."""
        await self._server.stop(grace_seconds)
