# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The two calls of Veo on Google's Agent Platform: predictLongRunning, fetchPredictOperation."""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from longtake_server.errors import (
    InvalidRequest,
    ModelNotFound,
    OperationNotFound,
    RequestIdReused,
    RequestTooLarge,
    Violation,
)
from longtake_server.http.bodies import Members, body_of, refuse_all
from longtake_server.http.caller import caller_of
from longtake_server.http.google_wire import veo_answers
from longtake_server.http.google_wire.google_errors import answering
from longtake_server.http.google_wire.inline_json import write_json
from longtake_server.http.google_wire.sending import sent_whole
from longtake_server.http.google_wire.veo_requests import in_googles_names, request_of
from longtake_server.http.idempotency import request_id_of, reused
from longtake_server.operations.results.addresses import Disposition
from longtake_server.telemetry.traces import context_to_keep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.results.download import Download

_GENERATE = "/longtake.v1.VideoService/GenerateVideos"
_GET = "/longtake.v1.VideoService/GetOperation"
_VERSIONS = ("v1", "v1beta1")
# Of a project, and of an express key, which has none. Any project and location will do.
_PARENTS = ("projects/{project}/locations/{location}/", "")
_MODEL = "publishers/google/models/{model}"
_ADDRESSES = "addresses"
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_MOST_POLL_BYTES = 1 << 16
# The JSON around the bytes of a request.
_AROUND_BYTES = 1 << 16


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the routes, with Google's paths for projects and for express keys."""
    calls = _Calls(parts)
    return [
        Route(f"/{version}/{parent}{_MODEL}:{method}", answering(call), methods=["POST"])
        for version in _VERSIONS
        for parent in _PARENTS
        for method, call in (
            ("predictLongRunning", calls.submit),
            ("fetchPredictOperation", calls.poll),
        )
    ]


class _Calls:
    """Turns calls of Google's wire into the use cases."""

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts

    async def submit(self, request: Request) -> Response:
        """Start a generation, and return its name on Google's wire."""
        principal = await caller_of(request, self._parts, _GENERATE)
        request_id = request_id_of(request, principal)
        most = self._parts.settings.max_request_bytes // 3 * 4 + _AROUND_BYTES
        async with body_of(request, most, self._parts.budget) as body:
            model = request.path_params["model"]
            wanted = await asyncio.to_thread(request_of, model, body, request_id)
            body.clear()
            record = await self._generate(wanted, principal, request)
        return _json(veo_answers.started(_name(request, record)))

    async def _generate(
        self, wanted: GenerateVideosRequest, principal: Principal, request: Request
    ) -> OperationRecord:
        most = self._parts.settings.max_request_bytes
        if (size := wanted.ByteSize()) > most:
            raise RequestTooLarge(size, most)
        if not self._parts.service.serves(wanted.model):
            raise ModelNotFound(f"models/{wanted.model}")
        trace = context_to_keep(request.headers.items())
        try:
            return await self._parts.service.generate(wanted, principal, trace)
        except InvalidRequest as error:
            raise in_googles_names(error) from error
        except RequestIdReused as error:
            raise reused(error) from error

    async def poll(self, request: Request) -> Response:
        """Return an operation, with its videos or their addresses once it has succeeded."""
        principal = await caller_of(request, self._parts, _GET)
        name = await self._polled(request)
        record = await self._parts.service.get(name, principal)
        if record.model != request.path_params["model"]:
            raise OperationNotFound(name)
        named = _name(request, record)
        if record.failure is not None:
            return _json(veo_answers.failed(named, record))
        if not record.done:
            return _json(veo_answers.undone(named, record))
        return await self._succeeded(named, record, principal)

    async def _polled(self, request: Request) -> str:
        """Return our name of the operation in a poll."""
        async with body_of(request, _MOST_POLL_BYTES, self._parts.budget) as body:
            violations: list[Violation] = []
            top = Members(body, "", violations)
            name = top.text("operationName") or ""
            top.finish()
        prefix = f"{_resource(request)}/operations/"
        identifier = name.removeprefix(prefix)
        if identifier == name or not _ID.fullmatch(identifier):
            top.wrong("operationName", f"accepted is {prefix}ID, as predictLongRunning returns it")
        refuse_all(violations)
        return f"operations/{identifier}"

    async def _succeeded(
        self, named: str, record: OperationRecord, principal: Principal
    ) -> Response:
        addresses = await self._addresses(record, principal)

        @asynccontextmanager
        async def opened(index: int) -> AsyncGenerator[Download]:
            name = record.name
            async with self._parts.service.download(name, principal, index, 0, None) as download:
                yield download
            self._parts.telemetry.video_sent(_GET, download.size_bytes)

        return await sent_whole(
            write_json(veo_answers.succeeded(named, record, addresses), opened),
            "application/json",
            self._parts.settings.send_timeout_seconds,
        )

    async def _addresses(
        self, record: OperationRecord, principal: Principal
    ) -> Sequence[str | None]:
        """Return the address of each video, None for one that is sent inline."""
        is_signed = (principal.google_results or self._parts.settings.google_results) == _ADDRESSES
        addresses: list[str | None] = []
        for index, video in enumerate(record.videos):
            if video.in_callers_bucket:
                addresses.append(video.location)
            elif is_signed:
                signed = await self._parts.service.create_video_url(
                    record.name, principal, index, None, Disposition.INLINE
                )
                addresses.append(signed.url)
            else:
                addresses.append(None)
        return addresses


def _resource(request: Request) -> str:
    """Return the resource in a path, without the version of the API."""
    parameters = request.path_params
    resource = f"publishers/google/models/{parameters['model']}"
    if "project" not in parameters:
        return resource
    return f"projects/{parameters['project']}/locations/{parameters['location']}/{resource}"


def _name(request: Request, record: OperationRecord) -> str:
    """Return the name of an operation on Google's wire, as a call of this path sees it."""
    return f"{_resource(request)}/{record.name}"


def _json(content: bytes) -> Response:
    return Response(content, media_type="application/json")
