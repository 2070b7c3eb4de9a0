# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The gRPC server: its services, its options, its address, its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc
from google.longrunning import operations_pb2
from google.longrunning.operations_pb2_grpc import add_OperationsServicer_to_server
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from longtake.v1 import video_service_pb2
from longtake.v1.video_service_pb2_grpc import add_VideoServiceServicer_to_server

from longtake_server.errors import StartFailure
from longtake_server.rpc.encoded import EncodedOperations
from longtake_server.rpc.interceptors import Calls
from longtake_server.rpc.observation import Observer
from longtake_server.rpc.operations_servicer import StandardOperationsServicer
from longtake_server.rpc.reflection import add_reflection
from longtake_server.rpc.video_servicer import Callers, VideoServicer

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.operations.service import VideoOperations
    from longtake_server.rpc.health import HealthServicer
    from longtake_server.telemetry import Telemetry

_MEBIBYTE = 1 << 20
_MOST_PENDING = 100_000

_SERVICES = (
    video_service_pb2.DESCRIPTOR.services_by_name["VideoService"].full_name,
    operations_pb2.DESCRIPTOR.services_by_name["Operations"].full_name,
)

OPTIONS = (
    # Above the contract's limit, so that a request over it gets an error with details.
    ("grpc.max_receive_message_length", 64 * _MEBIBYTE),
    # include_video_data may answer with 16 MiB.
    ("grpc.max_send_message_length", 64 * _MEBIBYTE),
    # Two servers on one port would share its calls at random.
    ("grpc.so_reuseport", 0),
    # Else a crowd of watchers that comes back after a restart is told CANCELLED, at random.
    ("grpc.server.max_pending_requests", _MOST_PENDING),
    ("grpc.server.max_pending_requests_hard_limit", _MOST_PENDING),
    # Clients may ping through proxies that cut quiet connections.
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
)
"""The options of every server."""


def _connection_age(seconds: float | None, grace_seconds: float) -> tuple[tuple[str, int], ...]:
    """Return the options of an age, to which gRPC adds up to a tenth of jitter."""
    if seconds is None:
        return ()
    return (
        ("grpc.max_connection_age_ms", max(1, round(seconds * 1000))),
        ("grpc.max_connection_age_grace_ms", round(grace_seconds * 1000)),
    )


class RpcServer:
    """Serves VideoService, the standard Operations, health and reflection.

    Args:
        service: The use cases.
        health_servicer: Says what is served.
        max_request_bytes: The largest request message.
        send_timeout_seconds: How long a reader may leave a message of a stream unread.
        clock: Time.
        telemetry: Where spans go.
        caller_header: The metadata key by which a proxy says who calls, None for none.
        max_connection_age_seconds: How long a connection lives, about; None for ever.
        connection_grace_seconds: How long the calls of one that is too old may go on.

    """

    def __init__(
        self,
        service: VideoOperations,
        health_servicer: HealthServicer,
        *,
        max_request_bytes: int,
        send_timeout_seconds: float,
        clock: Clock,
        telemetry: Telemetry,
        caller_header: str | None = None,
        max_connection_age_seconds: float | None = None,
        connection_grace_seconds: float = 20.0,
    ) -> None:
        age = _connection_age(max_connection_age_seconds, connection_grace_seconds)
        self._server = grpc.aio.server(options=(*OPTIONS, *age))
        self._health = health_servicer
        calls: Any = Calls(
            self._server,
            max_request_bytes=max_request_bytes,
            send_timeout_seconds=send_timeout_seconds,
            observer=Observer(clock, telemetry),
        )
        callers = Callers(caller_header)
        self._encoded = EncodedOperations()
        add_VideoServiceServicer_to_server(VideoServicer(service, callers, self._encoded), calls)
        add_OperationsServicer_to_server(StandardOperationsServicer(service, callers), calls)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, calls)
        add_reflection(calls, (*_SERVICES, health.SERVICE_NAME))

    def bind(self, address: str) -> str:
        """Take the address, `host:port`, and return it with the port that was taken.

        Raises:
            StartFailure: It is taken or wrong.

        """
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise StartFailure(
                f"cannot listen on {address}: it is in use, or not an address of this machine "
                "(setting listen)"
            ) from error
        return f"{address.rpartition(':')[0]}:{port}"

    async def start(self) -> None:
        """Answer calls, and say so to health checks."""
        for service in ("", *_SERVICES):
            await self._health.set(service, health_pb2.HealthCheckResponse.SERVING)
        await self._server.start()

    def forget_encodings(self) -> None:
        """Drop what is kept to answer sooner; it is made anew when it is asked for."""
        self._encoded.clear()

    async def enter_shutdown(self) -> None:
        """Tell health checks that other servers should be asked, and end their watches."""
        await self._health.enter_graceful_shutdown()

    async def stop(self, grace_seconds: float) -> None:
        """Refuse new calls and let those under way end, for at most so long."""
        await self._server.stop(grace_seconds)
