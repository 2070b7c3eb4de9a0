# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.operations`: what has become of generations."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any, TypeVar

from longtake._async.connection import AsyncConnection
from longtake._async.downloads import AsyncDownloads
from longtake._backoff import STREAM_SECONDS, Deadline
from longtake._durations import Seconds, wait_timeout
from longtake._http_options import get_options
from longtake._process_bound import AsyncProcessBound
from longtake._requests import (
    list_request,
    operation_name,
    revision_of,
    url_request,
    video_name,
)
from longtake._responses import operation_fields, response_of, time_of
from longtake._watching import Watch, outcome_of
from longtake._watching_all import WatchAll
from longtake.errors import LongtakeError
from longtake.types import (
    AsyncGenerateVideosOperation,
    AsyncStoredVideo,
    Disposition,
    GenerateVideosResponse,
    GetOperationConfig,
    GetOperationConfigDict,
    Operation,
    OperationEvent,
    VideoUrl,
)
from longtake.types.stored_video import StoredVideoFacts
from longtake.v1 import operation_pb2
from longtake.v1 import video_service_pb2 as api

AnyOperation = Operation[Any] | str
OperationT = TypeVar("OperationT")


class AsyncOperations(AsyncProcessBound):
    """Gets, watches, lists, cancels and deletes generations.

    Every method that takes an operation takes its name as well. Every method raises
    LongtakeError if the server refuses the call or cannot be reached, and ClientClosed
    after the client was closed.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._downloads = AsyncDownloads(connection)

    async def get(
        self,
        operation: AnyOperation,
        *,
        config: GetOperationConfig | GetOperationConfigDict | None = None,
    ) -> AsyncGenerateVideosOperation:
        """Return the newest state of an operation, without waiting.

        Args:
            operation: The operation.
            config: The headers and the deadline of the call, in `http_options`.

        Raises:
            ValueError: A value is wrong; the message names it.

        """
        request = api.GetOperationRequest(name=operation_name(operation))
        options = get_options(config)
        method = self._connection.stub.GetOperation
        return self.bind(await self._connection.call(method, request, options))

    def watch(
        self, operation: AnyOperation, after_revision: int = 0
    ) -> AsyncGenerator[AsyncGenerateVideosOperation]:
        """Yield the current state of an operation and each later one, until it is done.

        States that follow each other quickly may be skipped, but never the last one. A
        broken watch resumes after the last state that it yielded.

        Args:
            operation: The operation.
            after_revision: The last revision that you have; only newer ones are yielded.
                Default: 0, which yields the current state at once.

        """
        return self._watch(operation, revision_of(after_revision), Deadline(None))

    def watch_all(
        self,
        filter: str | None = None,  # noqa: A002 - the name that the contract has
        *,
        after_position: str | None = None,
    ) -> AsyncGenerator[OperationEvent[AsyncGenerateVideosOperation]]:
        """Yield the state of every operation that you may see, then changes as they happen.

        First comes an OperationChanged for each operation, then one InitialSetComplete,
        then changes and deletions. The watch has no end of its own. When the connection
        breaks, it resumes after the last event. If it cannot, because the connection broke
        within the initial set, or the server no longer keeps the changes since then or was
        restored from a backup, it yields InitialSetRestarted and the whole set again.

        Args:
            filter: Restrictions joined by AND, for example `state = RUNNING`. Default: all.
                An operation that stops matching is yielded once more.
            after_position: The `position` of the last event that you have; only what
                changed since is yielded. Default: every operation is yielded first.

        Raises:
            ValueError: An argument is not a string.

        """
        policy = self._connection.policy
        return self._watch_all(WatchAll(filter, after_position, policy, self.bind))

    def watch_all_messages(
        self,
        filter: str | None = None,  # noqa: A002 - the name that the contract has
        *,
        after_position: str | None = None,
    ) -> AsyncGenerator[OperationEvent[operation_pb2.GenerateVideosOperation]]:
        """Yield what `watch_all` does, with the contract's own messages as operations.

        Args:
            filter: As for `watch_all`.
            after_position: As for `watch_all`.

        Raises:
            ValueError: An argument is not a string.

        """
        policy = self._connection.policy
        return self._watch_all(WatchAll(filter, after_position, policy, lambda message: message))

    async def wait(
        self, operation: AnyOperation, timeout: Seconds | None = None
    ) -> AsyncGenerateVideosOperation:
        """Return an operation once it is done, whether it succeeded or not.

        Args:
            operation: The operation.
            timeout: Seconds, or a timedelta. Default: no limit.

        Raises:
            ValueError: `timeout` is not a length of time.
            TimeoutError: The operation is not done yet. It goes on.

        """
        deadline = Deadline(wait_timeout(timeout))
        if isinstance(operation, AsyncGenerateVideosOperation) and operation.done:
            return operation
        async with aclosing(self._watch(operation, 0, deadline)) as states:
            async for state in states:
                if state.done:
                    return state
        raise AssertionError("a watch ends with an operation that is done")

    async def result(
        self, operation: AnyOperation, /, timeout: Seconds | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """Return the response of an operation once it is done.

        Args:
            operation: The operation.
            timeout: Seconds, or a timedelta. Default: no limit.

        Raises:
            ValueError: `timeout` is not a length of time.
            OperationFailed: The generation failed or was cancelled.
            TimeoutError: The operation is not done yet. It goes on.

        """
        return outcome_of(await self.wait(operation, timeout))

    async def list(
        self,
        filter: str | None = None,  # noqa: A002 - the name that the contract has
        page_size: int | None = None,
    ) -> AsyncGenerator[AsyncGenerateVideosOperation]:
        """Yield operations, the newest first, fetched page by page.

        Args:
            filter: Restrictions joined by AND, for example `state = RUNNING`. Default: all.
            page_size: Operations per page. Default: the server's.

        """
        request = list_request(filter, page_size)
        while True:
            page = await self._connection.call(self._connection.stub.ListOperations, request)
            for message in page.operations:
                yield self.bind(message)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def cancel(self, operation: AnyOperation) -> AsyncGenerateVideosOperation:
        """Request the cancellation of a generation and return its operation."""
        request = api.CancelOperationRequest(name=operation_name(operation))
        return self.bind(
            await self._connection.call(self._connection.stub.CancelOperation, request)
        )

    async def delete(self, operation: AnyOperation) -> None:
        """Delete the record of an operation and its videos. This does not cancel it."""
        request = api.DeleteOperationRequest(name=operation_name(operation))
        await self._connection.call(self._connection.stub.DeleteOperation, request)

    def video(self, name: str) -> AsyncStoredVideo:
        """Return a video by its name, `operations/{id}/videos/{index}`, without a call."""
        return AsyncStoredVideo(StoredVideoFacts(name=video_name(name)), self._downloads)

    async def create_video_url(
        self,
        video: AsyncStoredVideo | str,
        *,
        lifetime: Seconds | None = None,
        disposition: Disposition | str = Disposition.INLINE,
    ) -> VideoUrl:
        """Return an address of a video that a browser or a player can read, for a time.

        It needs no credential, and serves HEAD and byte ranges. It stops working when it
        expires, when the operation is deleted, and when the API key of this client is
        revoked.

        Args:
            video: The video, or its name, `operations/{id}/videos/{index}`.
            lifetime: How long it works, in seconds or as a timedelta, at least a second.
                Default: an hour, or the longest that the server accepts if that is less.
            disposition: What a browser does with it: 'inline' plays it, 'attachment' saves
                it as a file.

        Raises:
            ValueError: An argument is wrong; the message names it.

        """
        request = url_request(video, lifetime, disposition)
        created = await self._connection.call(self._connection.stub.CreateVideoUrl, request)
        return VideoUrl(url=created.url, expire_time=time_of(created, "expire_time"))

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
            stub = self._connection.stub
            remaining = deadline.remaining(watch.name, STREAM_SECONDS)
            stream = self._connection.stream(stub.WatchOperation, watch.request(), remaining)
            try:
                async with aclosing(stream) as messages:
                    async for message in messages:
                        if (newer := watch.receive(message)) is not None:
                            yield self.bind(newer)
            except LongtakeError as failure:
                error = failure
            if watch.ended:
                return
            delay = watch.broke(error)
            await self._connection.sleep(deadline.remaining(watch.name, delay))

    async def _watch_all(
        self, watch: WatchAll[OperationT]
    ) -> AsyncGenerator[OperationEvent[OperationT]]:
        while True:
            error: LongtakeError | None = None
            stub = self._connection.stub
            stream = self._connection.stream(
                stub.WatchOperations, watch.request(), watch.stream_seconds
            )
            try:
                async with aclosing(stream) as messages:
                    async for message in messages:
                        for event in watch.receive(message):
                            yield event
            except LongtakeError as failure:
                error = failure
            await self._connection.sleep(watch.broke(error))
