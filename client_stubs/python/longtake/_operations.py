# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.operations`: blocking calls."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import grpc

from longtake._backoff import STREAM_SECONDS, Deadline
from longtake._downloading import Download
from longtake._requests import operation_name
from longtake._responses import operation_fields, response_of
from longtake._status import error_of_call
from longtake._watching import Watch, outcome_of
from longtake.types import GenerateVideosOperation, GenerateVideosResponse, StoredVideo
from longtake.types.stored_video import StoredVideoFacts
from longtake.v1 import video_service_pb2 as api

if TYPE_CHECKING:
    from collections.abc import Generator

    from longtake._connection import Connection
    from longtake.errors import LongtakeError
    from longtake.types import Operation
    from longtake.v1 import operation_pb2

    AnyOperation = Operation[StoredVideo] | str


class Downloads:
    """Streams the bytes of stored videos."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def chunks(self, facts: StoredVideoFacts, /) -> Generator[bytes]:
        """Yield the bytes in order, resuming where the stream breaks; verify them at the end.

        Raises:
            LongtakeError: They cannot be fetched, or are not those that were stored.

        """
        download = Download(facts, self._connection.policy)
        while True:
            error: LongtakeError | None = None
            call = self._connection.stub.DownloadVideo(download.request(), timeout=STREAM_SECONDS)
            try:
                for message in call:
                    if data := download.receive(message):
                        yield data
            except grpc.RpcError as failure:
                error = error_of_call(failure)
            finally:
                call.cancel()
            if error is None and not download.lacks_bytes:
                return download.verify()
            self._connection.sleep(download.broke(error))


class Operations:
    """Asks for, watches, lists and ends generations.

    Wherever an operation is taken, its name is taken too.
    Every method raises LongtakeError when the server refuses or cannot be reached.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stub = connection.stub
        self._downloads = Downloads(connection)

    def get(self, operation: AnyOperation) -> GenerateVideosOperation:
        """Return the newest state of an operation, without waiting."""
        request = api.GetOperationRequest(name=operation_name(operation))
        return self.bind(self._connection.call(self._stub.GetOperation, request))

    def watch(
        self, operation: AnyOperation, after_revision: int = 0
    ) -> Generator[GenerateVideosOperation]:
        """Yield the state of an operation now and after each change, until it has ended.

        States that follow fast may be skipped, the last one never. A watch that breaks is
        resumed where it was.

        Args:
            operation: The operation.
            after_revision: The revision that the caller has; only newer ones are yielded.
                Default: 0, the current state comes at once.

        """
        return self._watch(operation, after_revision, Deadline(None))

    def wait(
        self, operation: AnyOperation, timeout: float | None = None
    ) -> GenerateVideosOperation:
        """Return an operation once it has ended, also when it failed.

        Args:
            operation: The operation.
            timeout: Seconds. Default: without end.

        Raises:
            TimeoutError: It has not ended in time; it goes on.

        """
        if isinstance(operation, GenerateVideosOperation) and operation.done:
            return operation
        with closing(self._watch(operation, 0, Deadline(timeout))) as states:
            for state in states:
                if state.done:
                    return state
        raise AssertionError("a watch ends with an operation that is done")

    def result(
        self, operation: AnyOperation, /, timeout: float | None = None
    ) -> GenerateVideosResponse:
        """Return what an operation made, once it has ended.

        Args:
            operation: The operation.
            timeout: Seconds. Default: without end.

        Raises:
            OperationFailed: The generation failed or was cancelled.
            TimeoutError: It has not ended in time; it goes on.

        """
        return outcome_of(self.wait(operation, timeout))

    def list(
        self,
        filter: str | None = None,  # noqa: A002 - the name that the contract has
        page_size: int | None = None,
    ) -> Generator[GenerateVideosOperation]:
        """Yield operations, the newest first, a page after the other.

        Args:
            filter: Restrictions joined by AND, for example `state = RUNNING`.
            page_size: How many are asked for at once. Default: the server's.

        """
        request = api.ListOperationsRequest(filter=filter or "", page_size=page_size or 0)
        while True:
            page = self._connection.call(self._stub.ListOperations, request)
            yield from map(self.bind, page.operations)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def cancel(self, operation: AnyOperation) -> GenerateVideosOperation:
        """Ask for the end of a generation and return its operation."""
        request = api.CancelOperationRequest(name=operation_name(operation))
        return self.bind(self._connection.call(self._stub.CancelOperation, request))

    def delete(self, operation: AnyOperation) -> None:
        """Delete the record of an operation and its videos. It cancels nothing."""
        request = api.DeleteOperationRequest(name=operation_name(operation))
        self._connection.call(self._stub.DeleteOperation, request)

    def video(self, name: str) -> StoredVideo:
        """Return a video by its name, `operations/{id}/videos/{index}`, without asking for it."""
        return StoredVideo(StoredVideoFacts(name=name), self._downloads)

    def bind(self, message: operation_pb2.GenerateVideosOperation) -> GenerateVideosOperation:
        """Return the operation that a message describes."""
        return GenerateVideosOperation(
            **operation_fields(message),
            response=response_of(message, lambda facts: StoredVideo(facts, self._downloads)),
            _results=self,
        )

    def _watch(
        self, operation: AnyOperation, after_revision: int, deadline: Deadline
    ) -> Generator[GenerateVideosOperation]:
        watch = Watch(operation_name(operation), after_revision, self._connection.policy)
        while True:
            error: LongtakeError | None = None
            call = self._stub.WatchOperation(
                watch.request(), timeout=deadline.remaining(watch.name, STREAM_SECONDS)
            )
            try:
                for message in call:
                    if (newer := watch.receive(message)) is not None:
                        yield self.bind(newer)
            except grpc.RpcError as failure:
                error = error_of_call(failure)
            finally:
                call.cancel()
            if watch.ended:
                return
            delay = watch.broke(error)
            self._connection.sleep(deadline.remaining(watch.name, delay))
