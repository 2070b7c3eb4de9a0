# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the standard health service."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

import grpc
from grpc_health.v1 import health, health_pb2

from longtake_server.errors import ServerDraining

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    Context = grpc.aio.ServicerContext[Any, Any]

_UPSTREAM = "upstream/"
_ENGINE = "engine"
_SETTINGS = "engine/settings"


class HealthServicer(health.aio.HealthServicer):
    """Extends the library's servicer: watches end when the server shuts down.

    The library never ends a watch, so one open watch would delay the shutdown for the whole
    grace period. Each upstream is its own service, named `upstream/NAME`. The service `engine`
    is SERVING at the one replica that submits and polls, and `engine/settings` where it may be.
    The server itself stays SERVING while an upstream does not answer, and without the engine.

    Args:
        upstreams: The names of the upstreams.

    """

    def __init__(self, upstreams: Iterable[str] = ()) -> None:
        super().__init__()
        self._is_ending = False
        self._can_authenticate = True
        self._news = asyncio.Event()
        # The library reports SERVING from its construction on, which is too early.
        self._note("", serves=False)
        self._note(_ENGINE, serves=False)
        self._note(_SETTINGS, serves=True)
        for name in upstreams:
            self.note_upstream(name, answers=True)

    def note_upstream(self, name: str, *, answers: bool) -> None:
        """Set whether an upstream answers."""
        self._note(f"{_UPSTREAM}{name}", serves=answers)
        self._tell_watchers()

    def note_engine(self, is_engine: bool) -> None:
        """Set whether this replica is the engine."""
        self._note(_ENGINE, serves=is_engine)
        self._tell_watchers()

    def note_settings(self, agree: bool) -> None:
        """Set whether the upstream settings of this replica are those of all others."""
        self._note(_SETTINGS, serves=agree)
        self._tell_watchers()

    def _note(self, service: str, *, serves: bool) -> None:
        serving = health_pb2.HealthCheckResponse.SERVING
        not_serving = health_pb2.HealthCheckResponse.NOT_SERVING
        statuses = self._server_status  # type: ignore[attr-defined]  # its types leave it out
        statuses[service] = serving if serves and not self._is_ending else not_serving

    def note_authentication(self, works: bool) -> None:
        """Set whether credentials can be verified. Without that the server is NOT_SERVING."""
        if works != self._can_authenticate:
            self._can_authenticate = works
            self._tell_watchers()

    async def Check(  # noqa: N802 - the library's name
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> health_pb2.HealthCheckResponse:
        """Return the status of a service."""
        answer = self._answer(request.service)
        if answer.status == health_pb2.HealthCheckResponse.SERVICE_UNKNOWN:
            # The library's answer: a status without a message.
            await context.abort(grpc.StatusCode.NOT_FOUND)
        return answer

    async def List(self, request: Any, context: Context) -> Any:  # noqa: N802 - the library has none
        """Return the status of every service. The library's types leave its messages out."""
        del request, context
        statuses = self._server_status  # type: ignore[attr-defined]  # its types leave it out
        answers = {service: self._answer(service) for service in statuses}
        return cast("Any", health_pb2).HealthListResponse(statuses=answers)

    def _tell_watchers(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    async def Watch(  # type: ignore[override]  # noqa: N802 - the library's writes to the context
        self, request: health_pb2.HealthCheckRequest, context: Context
    ) -> AsyncGenerator[health_pb2.HealthCheckResponse]:
        """Send the status of a service, and send it again whenever it changes."""
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
        status = statuses.get(service, unknown)
        is_part = service in (_ENGINE, _SETTINGS) or service.startswith(_UPSTREAM)
        if not self._can_authenticate and not is_part and status != unknown:
            status = health_pb2.HealthCheckResponse.NOT_SERVING
        return health_pb2.HealthCheckResponse(status=status)

    def is_serving(self) -> bool:
        """Return whether the server is SERVING: the answer for the empty name."""
        return self._answer("").status == health_pb2.HealthCheckResponse.SERVING

    async def enter_graceful_shutdown(self) -> None:
        """Set all services to NOT_SERVING and end the watches."""
        await super().enter_graceful_shutdown()
        self._is_ending = True
        self._tell_watchers()
