# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Watchers that resume after a restart of the server and check every message."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import WatchOperationRequest, WatchOperationsRequest

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake.v1.operation_pb2 import GenerateVideosOperation
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

_RUNNING = GenerateVideosMetadata.State.RUNNING


class View:
    """A watcher's view of each operation, which must never go back.

    Attributes:
        newest: The last message of each operation, by its name.
        ended: How many operations have ended.
    """

    def __init__(self) -> None:
        self.newest: dict[str, GenerateVideosOperation] = {}
        self.ended = 0

    def see(self, operation: GenerateVideosOperation, *, begun_anew: bool = False) -> bool:
        """Check a message, and return whether it is the first with the end of the operation.

        Args:
            operation: The message.
            begun_anew: Whether the watch started without a position, and so may repeat messages.

        """
        before = self.newest.get(operation.name)
        if before is not None:
            if begun_anew and operation.revision == before.revision:
                assert operation == before
                return False
            _assert_moved_on(before, operation)
        self.newest[operation.name] = operation
        self.ended += operation.done
        return operation.done


def _assert_moved_on(before: GenerateVideosOperation, now: GenerateVideosOperation) -> None:
    story = f"{now.name}: {before.revision} and then {now.revision}"
    assert now.revision > before.revision, story
    assert not before.done, story
    assert before.metadata.state != _RUNNING or now.done or now.metadata.state == _RUNNING, story
    times = [(one.metadata.create_time, one.metadata.update_time) for one in (before, now)]
    assert times[0][0] == times[1][0], story
    assert times[0][1].ToNanoseconds() <= times[1][1].ToNanoseconds(), story


async def watch_one(stub: VideoServiceAsyncStub, name: str, view: View) -> None:
    """Watch an operation to its end; resume by revision after each crash."""
    while True:
        newest = view.newest.get(name)
        after = newest.revision if newest else 0
        request = WatchOperationRequest(name=name, after_revision=after)
        try:
            async for message in stub.WatchOperation(request, wait_for_ready=True):
                if message.HasField("operation"):
                    view.see(message.operation)
        except grpc.aio.AioRpcError as error:
            _assert_was_killed(error)
        else:
            assert view.newest[name].done
            return


async def watch_all(
    stub: VideoServiceAsyncStub,
    view: View,
    count: int,
    *,
    wanted: str = "",
    begun: Callable[[], object] = lambda: None,
    ended: Callable[[], object] = lambda: None,
) -> None:
    """Watch until a number of operations have ended; resume by position after each crash.

    Args:
        stub: The service.
        view: Checks the messages.
        count: The number of operations.
        wanted: The filter.
        begun: Called whenever the initial state is complete.
        ended: Called for each operation that ends.

    """
    position = ""
    while True:
        begun_anew = not position
        request = WatchOperationsRequest(filter=wanted, after_position=position)
        try:
            async for message in stub.WatchOperations(request, wait_for_ready=True):
                position = message.position or position
                if message.HasField("initial_set_complete"):
                    begun()
                    begun_anew = False
                if message.HasField("operation") and view.see(
                    message.operation, begun_anew=begun_anew
                ):
                    ended()
                if view.ended == count:
                    return
        except grpc.aio.AioRpcError as error:
            _assert_was_killed(error)


def _assert_was_killed(error: grpc.aio.AioRpcError) -> None:
    assert error.code() == grpc.StatusCode.UNAVAILABLE, error
