# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.aio.operations`: the calls of `client.operations`, on an event loop."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import grpc.aio

from longtake._backoff import STREAM_SECONDS, Deadline
from longtake._downloading import Download
from longtake._requests import operation_name
from longtake._responses import operation_fields, response_of
from longtake._status import error_of_call
from longtake._watching import Watch, outcome_of
from longtake.types import AsyncGenerateVideosOperation, AsyncStoredVideo, GenerateVideosResponse
from longtake.types.stored_video import StoredVideoFacts
from longtake.v1 import video_service_pb2 as api

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from longtake._aio_connection import AsyncConnection
    from longtake.errors import LongtakeError
    from longtake.types import Operation
    from longtake.v1 import operation_pb2

    AnyOperation = Operation[AsyncStoredVideo] | str


class AsyncDownloads:
    """Streams the bytes of stored videos."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def chunks(self, facts: StoredVideoFacts, /) -> AsyncGenerator[bytes]:
        """Yield the bytes in order, resuming where the stream breaks; verify them at the end.

        Raises:
            LongtakeError: They cannot be fetched, or are not those that were stored.

        """
        download = Download(facts, self._connection.policy)
        while True:
            error: LongtakeError | None = None
            call = self._connection.stub.DownloadVideo(download.request(), timeout=STREAM_SECONDS)
            try:
                async for message in call:
                    if data := await asyncio.to_thread(download.receive, message):
                        yield data
            except grpc.aio.AioRpcError as failure:
                error = error_of_call(failure)
            finally:
                call.cancel()
            if error is None and not download.lacks_bytes:
                download.verify()
                return
            await self._connection.sleep(download.broke(error))


class AsyncOperations:
    """Asks for, watches, lists and ends generations.

    Wherever an operation is taken, its name is taken too.
    Every method raises LongtakeError when the server refuses or cannot be reached.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._downloads = AsyncDownloads(connection)

    async def get(self, operation: AnyOperation) -> AsyncGenerateVideosOperation:
        """Return the newest state of an operation, without waiting."""
        request = api.GetOperationRequest(name=operation_name(operation))
        return self.bind(await self._connection.call(self._connection.stub.GetOperation, request))

    def watch(
        self, operation: AnyOperation, after_revision: int = 0
    ) -> AsyncGenerator[AsyncGenerateVideosOperation]:
        """Yield the state of an operation now and after each change, until it has ended.

        States that follow fast may be skipped, the last one never. A watch that breaks is
        resumed where it was.

        Args:
            operation: The operation.
            after_revision: The revision that the caller has; only newer ones are yielded.
                Default: 0, the current state comes at once.

        """
        return self._watch(operation, after_revision, Deadline(None))

    async def wait(
        self, operation: AnyOperation, timeout: float | None = None
    ) -> AsyncGenerateVideosOperation:
        """Return an operation once it has ended, also when it failed.

        Args:
            operation: The operation.
            timeout: Seconds. Default: without end.

        Raises:
            TimeoutError: It has not ended in time; it goes on.

        """
        if isinstance(operation, AsyncGenerateVideosOperation) and operation.done:
            return operation
        async with aclosing(self._watch(operation, 0, Deadline(timeout))) as states:
            async for state in states:
                if state.done:
                    return state
        raise AssertionError("a watch ends with an operation that is done")

    async def result(
        self, operation: AnyOperation, /, timeout: float | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """Return what an operation made, once it has ended.

        Args:
            operation: The operation.
            timeout: Seconds. Default: without end.

        Raises:
            OperationFailed: The generation failed or was cancelled.
            TimeoutError: It has not ended in time; it goes on.

        """
        return outcome_of(await self.wait(operation, timeout))

    async def list(
        self,
        filter: str | None = None,  # noqa: A002 - the name that the contract has
        page_size: int | None = None,
    ) -> AsyncGenerator[AsyncGenerateVideosOperation]:
        """Yield operations, the newest first, a page after the other.

        Args:
            filter: Restrictions joined by AND, for example `state = RUNNING`.
            page_size: How many are asked for at once. Default: the server's.

        """
        request = api.ListOperationsRequest(filter=filter or "", page_size=page_size or 0)
        while True:
            page = await self._connection.call(self._connection.stub.ListOperations, request)
            for message in page.operations:
                yield self.bind(message)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def cancel(self, operation: AnyOperation) -> AsyncGenerateVideosOperation:
        """Ask for the end of a generation and return its operation."""
        request = api.CancelOperationRequest(name=operation_name(operation))
        return self.bind(
            await self._connection.call(self._connection.stub.CancelOperation, request)
        )

    async def delete(self, operation: AnyOperation) -> None:
        """Delete the record of an operation and its videos. It cancels nothing."""
        request = api.DeleteOperationRequest(name=operation_name(operation))
        await self._connection.call(self._connection.stub.DeleteOperation, request)

    def video(self, name: str) -> AsyncStoredVideo:
        """Return a video by its name, `operations/{id}/videos/{index}`, without asking for it."""
        return AsyncStoredVideo(StoredVideoFacts(name=name), self._downloads)

    def bind(self, message: operation_pb2.GenerateVideosOperation) -> AsyncGenerateVideosOperation:
        """Return the operation that a message describes."""
        return AsyncGenerateVideosOperation(
            **operation_fields(message),
            response=response_of(message, lambda facts: AsyncStoredVideo(facts, self._downloads)),
            _results=self,
        )

    async def _watch(
        self, operation: AnyOperation, after_revision: int, deadline: Deadline
    ) -> AsyncGenerator[AsyncGenerateVideosOperation]:
        watch = Watch(operation_name(operation), after_revision, self._connection.policy)
        while True:
            error: LongtakeError | None = None
            call = self._connection.stub.WatchOperation(
                watch.request(), timeout=deadline.remaining(watch.name, STREAM_SECONDS)
            )
            try:
                async for message in call:
                    if (newer := watch.receive(message)) is not None:
                        yield self.bind(newer)
            except grpc.aio.AioRpcError as failure:
                error = error_of_call(failure)
            finally:
                call.cancel()
            if watch.ended:
                return
            delay = watch.broke(error)
            await self._connection.sleep(deadline.remaining(watch.name, delay))
