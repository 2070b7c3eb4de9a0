# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides what a watch of all operations yields and where it resumes. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from longtake._backoff import STREAM_SECONDS, Backoff
from longtake._fields import text
from longtake.errors import LongtakeError, ServerError
from longtake.types import (
    InitialSetComplete,
    InitialSetRestarted,
    OperationChanged,
    OperationDeleted,
)
from longtake.v1 import video_service_pb2

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from longtake._backoff import RetryPolicy
    from longtake.types import OperationEvent
    from longtake.v1 import operation_pb2

OperationT = TypeVar("OperationT")

# A stream without a position cannot be resumed, so it gets longer to deliver the initial set.
_INITIAL_SET_SECONDS = 6 * STREAM_SECONDS

# The server no longer keeps the changes since a position, or was restored from a backup.
_POSITION_LOST = frozenset({"POSITION_EXPIRED", "REVISION_AHEAD"})


class WatchAll(Generic[OperationT]):
    """The progress of a watch of all operations.

    Raises:
        ValueError: The filter or the position is not a string.

    """

    def __init__(
        self,
        filter: str | None,  # noqa: A002 - the name that the contract has
        after_position: str | None,
        policy: RetryPolicy,
        bind: Callable[[operation_pb2.GenerateVideosOperation], OperationT],
    ) -> None:
        self._filter = "" if filter is None else text(filter, "filter")
        self._position = "" if after_position is None else text(after_position, "after_position")
        self._bind = bind
        self._backoff = Backoff(policy)
        self._has_yielded = False
        self._restarts = False
        self._complete = False

    @property
    def stream_seconds(self) -> float:
        """The deadline of the next stream in seconds."""
        return STREAM_SECONDS if self._position else _INITIAL_SET_SECONDS

    def request(self) -> video_service_pb2.WatchOperationsRequest:
        """Return the request that starts or resumes the stream."""
        return video_service_pb2.WatchOperationsRequest(
            filter=self._filter, after_position=self._position
        )

    def receive(
        self, message: video_service_pb2.WatchOperationsResponse
    ) -> Iterator[OperationEvent[OperationT]]:
        """Yield the events of a message: none for a heartbeat, two if the initial set restarts."""
        kind = message.WhichOneof("event")
        if self._restarts:
            self._restarts = False
            yield InitialSetRestarted()
        if message.position != self._position or kind == "heartbeat":
            # Only for progress: a stream that always breaks within the initial set must not
            # be resumed for ever.
            self._backoff.reset()
        self._position = message.position or self._position
        position = message.position or None
        match kind:
            case "operation":
                self._has_yielded = True
                yield OperationChanged(self._bind(message.operation), position)
            case "deletion":
                self._has_yielded = True
                yield OperationDeleted(message.deletion.name, position)
            case "initial_set_complete" if not self._complete:
                self._has_yielded = self._complete = True
                yield InitialSetComplete(position)

    def broke(self, error: LongtakeError | None) -> float:
        """Return the seconds to wait before resuming. Without an error, the stream ended early.

        Raises:
            LongtakeError: The watch cannot be resumed.

        """
        if error is not None and error.reason in _POSITION_LOST and self._position:
            self._restart()
            return 0.0
        delay = self._backoff.next_delay(
            error or ServerError("UNAVAILABLE", "the watch of all operations ended")
        )
        if not self._position and self._has_yielded:
            self._restart()
        return delay

    def _restart(self) -> None:
        self._position = ""
        self._complete = self._has_yielded = False
        self._restarts = True
