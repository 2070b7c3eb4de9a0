# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves longtake.v1.VideoService with the use cases of operations.service."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from google.protobuf.empty_pb2 import Empty
from longtake.v1 import video_service_pb2 as api
from longtake.v1.video_service_pb2_grpc import VideoServiceServicer

from longtake_server.errors import PositionError
from longtake_server.operations.view import Changed, Gone, InitialSetComplete, StillWatching
from longtake_server.operations.watching import Heartbeat
from longtake_server.rpc import convert, requests, usage_requests
from longtake_server.rpc.door import principal_of_call
from longtake_server.rpc.encoded import video_chunk
from longtake_server.rpc.observation import name_operation
from longtake_server.rpc.positions import Positions
from longtake_server.telemetry.traces import context_to_keep

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    import grpc
    from longtake.v1 import caller_pb2, model_pb2
    from longtake.v1.operation_pb2 import GenerateVideosOperation

    from longtake_server.clock import Clock
    from longtake_server.operations.model import OperationRecord, StoredVideo
    from longtake_server.operations.service import VideoOperations
    from longtake_server.operations.view import StoreEvent
    from longtake_server.rpc.encoded import EncodedOperations
    from longtake_server.telemetry import Telemetry

    Context = grpc.aio.ServicerContext[Any, Any]

_MOST_VIDEO_DATA = 16 << 20
_DEFAULT_MODELS = 100
_SERVICE = "longtake.v1.VideoService"
_GET, _DOWNLOAD = f"{_SERVICE}/GetOperation", f"{_SERVICE}/DownloadVideo"
_WATCH, _WATCH_ALL = f"{_SERVICE}/WatchOperation", f"{_SERVICE}/WatchOperations"


class VideoServicer(VideoServiceServicer):
    """Decodes requests, calls the use cases and encodes the results."""

    def __init__(
        self,
        service: VideoOperations,
        encoded: EncodedOperations,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._service = service
        self._encoded = encoded
        self._clock = clock
        self._telemetry = telemetry

    async def GenerateVideos(  # type: ignore[override]  # noqa: N802 - the contract's name; bytes are sent unchanged
        self, request: api.GenerateVideosRequest, context: Context
    ) -> bytes:
        """Start a generation, or only check the request."""
        if request.validate_only:
            checked = await self._service.estimate(request, principal_of_call())
            return convert.estimate(checked).SerializeToString()
        trace = context_to_keep(context.invocation_metadata() or ())
        record = await self._service.generate(request, principal_of_call(), trace)
        name_operation(record.name)
        return self._encoded.of(record).operation

    async def GetOperation(  # type: ignore[override]  # noqa: N802 - as above
        self, request: api.GetOperationRequest, context: Context
    ) -> GenerateVideosOperation | bytes:
        """Return an operation, with the bytes of its videos if requested."""
        name = requests.operation_name(request.name)
        record = await self._service.get(name, principal_of_call())
        if request.include_video_data and record.videos:
            data = await self._service.read_videos(record, _MOST_VIDEO_DATA)
            self._telemetry.video_sent(_GET, sum(map(len, data)))
            return convert.operation(record, data)
        return self._encoded.of(record).operation

    async def WatchOperation(  # type: ignore[override]  # noqa: N802 - as above
        self, request: api.WatchOperationRequest, context: Context
    ) -> AsyncGenerator[bytes]:
        """Stream the states of an operation until it ends."""
        events = await self._service.watch(
            requests.operation_name(request.name),
            principal_of_call(),
            requests.after_revision(request.after_revision),
            requests.heartbeat_seconds(
                request.heartbeat_interval if request.HasField("heartbeat_interval") else None
            ),
        )
        # Frees the request: a watch is long, and there are many.
        del request
        async with aclosing(events):
            # The first state is news only to this watcher.
            is_news = False
            async for event in events:
                if isinstance(event, Heartbeat):
                    yield _heartbeat(event)
                else:
                    yield self._encoded.of(event).watched
                    if is_news:
                        self._note_news(_WATCH, event)
                    is_news = True

    async def WatchOperations(  # type: ignore[override]  # noqa: N802 - as above
        self, request: api.WatchOperationsRequest, context: Context
    ) -> AsyncGenerator[bytes]:
        """Stream the changes of all matching operations."""
        principal = principal_of_call()
        positions = Positions(await self._service.position_key(), principal.id)
        events = self._service.watch_all(
            requests.operation_filter(request.filter),
            principal,
            positions.position(request.after_position),
            requests.heartbeat_seconds(
                request.heartbeat_interval if request.HasField("heartbeat_interval") else None
            ),
        )
        del request
        async with aclosing(events):
            is_news = False
            try:
                async for event in events:
                    yield self._store_event(event, positions)
                    if isinstance(event, Changed) and is_news:
                        self._note_news(_WATCH_ALL, event.record)
                    is_news = is_news or isinstance(event, InitialSetComplete)
            except PositionError as error:
                raise type(error)(error.position, positions.token(error.position)) from error

    def _note_news(self, method: str, record: OperationRecord) -> None:
        """Record how long a change took to reach a watcher."""
        self._telemetry.news(method, (self._clock.now() - record.update_time).total_seconds())

    def _store_event(self, event: StoreEvent, positions: Positions) -> bytes:
        message = api.WatchOperationsResponse(position=positions.token(event.position))
        match event:
            case Changed():
                # The operation is field 1 in the messages of both watches.
                return self._encoded.of(event.record).watched + message.SerializeToString()
            case Gone():
                message.deletion.name = event.name
            case InitialSetComplete():
                message.initial_set_complete.SetInParent()
            case StillWatching():
                message.heartbeat.SetInParent()
        return message.SerializeToString()

    async def WaitOperation(  # type: ignore[override]  # noqa: N802 - as above
        self, request: api.WaitOperationRequest, context: Context
    ) -> bytes:
        """Return an operation when it is newer or has ended, or at the timeout."""
        timeout = request.timeout if request.HasField("timeout") else None
        after = request.after_revision if request.HasField("after_revision") else None
        record = await self._service.wait(
            requests.operation_name(request.name),
            principal_of_call(),
            None if after is None else requests.after_revision(after),
            requests.wait_seconds(timeout, context.time_remaining()),
        )
        return self._encoded.of(record).operation

    async def ListOperations(  # noqa: N802
        self, request: api.ListOperationsRequest, context: Context
    ) -> api.ListOperationsResponse:
        """Return a page of operations."""
        principal = principal_of_call()
        wanted = requests.operation_filter(request.filter)
        size = requests.page_size(request.page_size)
        cursor = requests.page_cursor(request.page_token, principal.id, request.filter)
        try:
            page = await self._service.list(wanted, principal, size, cursor)
        except ValueError as error:
            raise requests.wrong_page_token() from error
        return api.ListOperationsResponse(
            operations=[convert.operation(record) for record in page.records],
            next_page_token=requests.page_token(page.next_cursor, principal.id, request.filter)
            if page.next_cursor
            else "",
        )

    async def CancelOperation(  # noqa: N802
        self, request: api.CancelOperationRequest, context: Context
    ) -> GenerateVideosOperation:
        """Cancel an operation."""
        name = requests.operation_name(request.name)
        return convert.operation(await self._service.cancel(name, principal_of_call()))

    async def DeleteOperation(  # noqa: N802
        self, request: api.DeleteOperationRequest, context: Context
    ) -> Empty:
        """Delete an operation and its videos."""
        await self._service.delete(requests.operation_name(request.name), principal_of_call())
        return Empty()

    async def DownloadVideo(  # type: ignore[override]  # noqa: N802 - as above
        self, request: api.DownloadVideoRequest, context: Context
    ) -> AsyncGenerator[api.DownloadVideoResponse | bytes]:
        """Stream the bytes of a video."""
        name, index = requests.video_name(request.name)
        offset, limit = requests.read_range(request.read_offset, request.read_limit)
        async with self._service.download(
            name, principal_of_call(), index, offset, limit
        ) as download:
            known = download.video
            await context.send_initial_metadata(_download_metadata(known))
            first = api.DownloadVideoResponse(video=convert.video(known))
            first.chunk.content_type = known.mime_type
            yield first
            async for chunk in download.chunks:
                yield video_chunk(known.mime_type, chunk)
                self._telemetry.video_sent(_DOWNLOAD, len(chunk))
            if download.video != known:
                yield api.DownloadVideoResponse(video=convert.video(download.video))

    async def CreateVideoUrl(  # noqa: N802
        self, request: api.CreateVideoUrlRequest, context: Context
    ) -> api.CreateVideoUrlResponse:
        """Return a signed address of a video."""
        del context
        name, index = requests.video_name(request.name)
        lifetime = request.lifetime if request.HasField("lifetime") else None
        address = await self._service.create_video_url(
            name,
            principal_of_call(),
            index,
            requests.lifetime_seconds(lifetime),
            requests.disposition(request.disposition),
        )
        response = api.CreateVideoUrlResponse(url=address.url)
        convert.set_time(response.expire_time, address.expire_time)
        return response

    async def ListModels(  # noqa: N802
        self, request: api.ListModelsRequest, context: Context
    ) -> api.ListModelsResponse:
        """Return a page of the models."""
        del context
        size = requests.page_size(request.page_size, _DEFAULT_MODELS)
        after = requests.page_cursor(request.page_token, "models") or ""
        entries = [entry for entry in self._service.models() if entry.id > after]
        page = entries[:size]
        return api.ListModelsResponse(
            models=[convert.model(entry) for entry in page],
            next_page_token=requests.page_token(page[-1].id, "models")
            if len(entries) > size
            else "",
        )

    async def GetModel(  # noqa: N802
        self, request: api.GetModelRequest, context: Context
    ) -> model_pb2.Model:
        """Return a model."""
        del context
        return convert.model(self._service.model(requests.model_name(request.name)))

    async def GetCaller(  # noqa: N802
        self, request: api.GetCallerRequest, context: Context
    ) -> caller_pb2.Caller:
        """Return the principal of the call, and what it may do and spend."""
        del request, context
        principal = principal_of_call()
        return convert.caller(principal, await self._service.allowance(principal))

    async def GetUsage(  # noqa: N802
        self, request: api.GetUsageRequest, context: Context
    ) -> api.GetUsageResponse:
        """Return a page of the usage that the principal may see."""
        principal = principal_of_call()
        asked = usage_requests.usage_request(request, principal)
        try:
            page = await self._service.usage(asked.wanted, principal, asked.limit, asked.cursor)
        except ValueError as error:
            raise requests.wrong_page_token() from error
        return api.GetUsageResponse(
            usage=[convert.usage(row) for row in page.rows],
            next_page_token=usage_requests.next_page_token(request, principal, page.next_cursor),
        )


def _download_metadata(video: StoredVideo) -> tuple[tuple[str, str], ...]:
    """Return the size and, once known, the digest, which the edge turns into HTTP headers."""
    size = ("x-longtake-video-size", str(video.size_bytes))
    return (size, ("x-longtake-video-sha256", video.sha256)) if video.sha256 else (size,)


def _heartbeat(event: Heartbeat) -> bytes:
    message = api.WatchOperationResponse()
    message.heartbeat.revision = event.revision
    if event.last_poll_time is not None:
        convert.set_time(message.heartbeat.last_poll_time, event.last_poll_time)
    return message.SerializeToString()
