# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The standard health service, whose watches end with the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from grpc_health.v1 import health, health_pb2

from longtake_server.errors import ServerDraining

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class HealthServicer(health.aio.HealthServicer):
    """Adds to the library's servicer that a watch ends once the server shuts down.

    The library's never does, so that one open watch would hold the end up for the
    whole grace. Statuses are set before the first call; after that only the end
    changes them.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ending = asyncio.Event()

    async def Watch(  # type: ignore[override]  # noqa: N802 - the library's writes by itself
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncGenerator[health_pb2.HealthCheckResponse]:
        """Say whether the service is served, and say it again when that ends."""
        del context
        yield self._answer(request.service)
        if not self._ending.is_set():
            await self._ending.wait()
            yield self._answer(request.service)
        raise ServerDraining

    def _answer(self, service: str) -> health_pb2.HealthCheckResponse:
        statuses = self._server_status  # type: ignore[attr-defined]  # its types leave it out
        unknown = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        return health_pb2.HealthCheckResponse(status=statuses.get(service, unknown))

    async def enter_graceful_shutdown(self) -> None:
        """Say of every service that it is not served, and end the watches."""
        await super().enter_graceful_shutdown()
        self._ending.set()
