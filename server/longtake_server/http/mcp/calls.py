# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What agents call, by the use cases. Has no rule of its own."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.errors import (
    AuthenticationUnavailable,
    InvalidRequest,
    PublicUrlMissing,
    RequestIdReused,
    ServerDraining,
    TooManyWatches,
)
from longtake_server.http.caller import caller_of
from longtake_server.http.mcp import arguments as reading
from longtake_server.http.mcp.answers import Located
from longtake_server.operations.results.addresses import Disposition
from longtake_server.rpc.door import check_role
from longtake_server.rpc.observation import name_operation
from longtake_server.telemetry.traces import context_to_keep

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from starlette.requests import Request

    from longtake_server.http.parts import DoorParts
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.requests.catalogue import ModelEntry
    from longtake_server.operations.store import Filter, Page

    Progress = Callable[[float, OperationRecord], Awaitable[None]]

_SERVICE = "/longtake.v1.VideoService"
_GENERATE, _CANCEL = f"{_SERVICE}/GenerateVideos", f"{_SERVICE}/CancelOperation"
_WAIT = f"{_SERVICE}/WaitOperation"
# A credential that was revoked ends its waits within 10 seconds, as in gRPC. Agents hear of
# progress as often.
_LONGEST_SLICE_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an agent.

    Attributes:
        request: The HTTP request, with its credential.
        principal: Who calls.
    """

    request: Request
    principal: Principal


class Calls:
    """Serves the calls of agents.

    Args:
        parts: The parts of the listener.

    """

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts
        self._service = parts.service

    async def generate(self, call: Call, arguments: Mapping[str, Any]) -> OperationRecord:
        """Start a generation.

        Raises:
            InvalidRequest: An argument is wrong; named as the argument.
            RoleMissing: The principal may not generate.

        Raises also as VideoOperations.generate.

        """
        check_role(call.principal, _GENERATE)
        request = reading.read_keyed_generation(arguments, call.principal)
        trace = context_to_keep(call.request.headers.items())
        try:
            record = await self._service.generate(request, call.principal, trace)
        except InvalidRequest as error:
            raise reading.in_argument_names(error) from error
        except RequestIdReused as error:
            raise reading.key_reused(error) from error
        name_operation(record.name)
        return record

    async def estimate(self, call: Call, arguments: Mapping[str, Any]) -> OperationRecord:
        """Return the operation that a generation would create. Raises as `generate`."""
        check_role(call.principal, _GENERATE)
        request = reading.read_generation(arguments)
        return await self._estimated(request, call.principal)

    async def _estimated(
        self, request: GenerateVideosRequest, principal: Principal
    ) -> OperationRecord:
        try:
            return await self._service.estimate(request, principal)
        except InvalidRequest as error:
            raise reading.in_argument_names(error) from error

    async def wait(
        self, call: Call, arguments: Mapping[str, Any], progress: Progress
    ) -> OperationRecord:
        """Return an operation when it has ended, or at the end of the wait.

        A wait that the server cannot hold ends early with the newest state.

        Args:
            call: The call.
            arguments: The operation, and how long to wait.
            progress: Called with the seconds waited, and the newest state, every few seconds.

        Raises:
            InvalidRequest: An argument is wrong.
            NotAuthenticated: The credential admits no longer.

        Raises also as VideoOperations.get.

        """
        name, seconds = reading.read_waiting(arguments)
        name_operation(name)
        record = await self._service.get(name, call.principal)
        began = self._parts.clock.monotonic()
        with suppress(ServerDraining, TooManyWatches):
            while not record.done:
                waited = self._parts.clock.monotonic() - began
                if waited >= seconds:
                    break
                await progress(waited, record)
                record = await self._slice(
                    call, record, min(seconds - waited, _LONGEST_SLICE_SECONDS)
                )
        return record

    async def _slice(self, call: Call, record: OperationRecord, seconds: float) -> OperationRecord:
        newest = await self._service.wait(record.name, call.principal, record.revision, seconds)
        with suppress(AuthenticationUnavailable):
            await caller_of(call.request, self._parts, _WAIT)
        return newest

    async def get(self, call: Call, name: str) -> OperationRecord:
        """Return an operation. Raises as VideoOperations.get."""
        name_operation(name)
        return await self._service.get(name, call.principal)

    async def page(self, call: Call, wanted: Filter, limit: int, cursor: str | None) -> Page:
        """Return a page of operations. Raises as VideoOperations.list."""
        return await self._service.list(wanted, call.principal, limit, cursor)

    async def cancel(self, call: Call, arguments: Mapping[str, Any]) -> OperationRecord:
        """Cancel an operation. Raises as VideoOperations.cancel, and InvalidRequest."""
        return await self.cancel_named(call, reading.read_operation(arguments))

    async def cancel_named(self, call: Call, name: str) -> OperationRecord:
        """Cancel an operation. Raises as VideoOperations.cancel, and RoleMissing."""
        check_role(call.principal, _CANCEL)
        name_operation(name)
        return await self._service.cancel(name, call.principal)

    def models(self, arguments: Mapping[str, Any]) -> Sequence[ModelEntry]:
        """Return all models. Raises InvalidRequest."""
        reading.read_nothing(arguments)
        return self._service.models()

    async def located(self, call: Call, record: OperationRecord) -> list[Located]:
        """Return the videos of an operation, each with an address if it can have one."""
        return [await self._located(call, record, index) for index in range(len(record.videos))]

    async def _located(self, call: Call, record: OperationRecord, index: int) -> Located:
        video = record.videos[index]
        if video.in_callers_bucket:
            return Located(video, video.location)
        try:
            address = await self._service.create_video_url(
                record.name, call.principal, index, None, Disposition.INLINE
            )
        except PublicUrlMissing:
            return Located(video, None)
        return Located.at(video, address)
