# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The standard health service, whose watches end with the server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from grpc_health.v1 import health, health_pb2

from longtake_server.errors import ServerDraining

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]


class HealthServicer(health.aio.HealthServicer):
    """Adds to the library's servicer that a watch ends once the server shuts down.

    The library's never does, so that one open watch would hold the end up for the
    whole grace. Each upstream is a service of its own, `upstream/NAME`: the server itself
    serves on while one does not answer.

    Args:
        upstreams: Their names.

    """

    def __init__(self, upstreams: Iterable[str] = ()) -> None:
        super().__init__()
        self._is_ending = False
        self._news = asyncio.Event()
        for name in upstreams:
            self.note_upstream(name, answers=True)

    def note_upstream(self, name: str, *, answers: bool) -> None:
        """Say from now on whether an upstream answers."""
        serving = health_pb2.HealthCheckResponse.SERVING
        not_serving = health_pb2.HealthCheckResponse.NOT_SERVING
        statuses = self._server_status  # type: ignore[attr-defined]  # its types leave it out
        statuses[f"upstream/{name}"] = serving if answers else not_serving
        self._tell_watchers()

    def _tell_watchers(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def Watch(  # type: ignore[override]  # noqa: N802 - the library's writes by itself
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncGenerator[health_pb2.HealthCheckResponse]:
        """Say whether the service is served, and say it again whenever that changes."""
        del context
        told: health_pb2.HealthCheckResponse | None = None
        while True:
            news, answer = self._news, self._answer(request.service)
            if answer != told:
                told = answer
                yield answer
            if self._is_ending:
                raise ServerDraining
            await news.wait()

    def _answer(self, service: str) -> health_pb2.HealthCheckResponse:
        statuses = self._server_status  # type: ignore[attr-defined]  # its types leave it out
        unknown = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
        return health_pb2.HealthCheckResponse(status=statuses.get(service, unknown))

    async def enter_graceful_shutdown(self) -> None:
        """Say of every service that it is not served, and end the watches."""
        await super().enter_graceful_shutdown()
        self._is_ending = True
        self._tell_watchers()
