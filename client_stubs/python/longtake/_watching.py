# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Decides what a watch of one operation yields and where it resumes. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake._backoff import Backoff
from longtake.errors import LongtakeError, OperationFailed, ServerError
from longtake.types import GenerateVideosResponse, Operation
from longtake.v1 import video_service_pb2

if TYPE_CHECKING:
    from longtake._backoff import RetryPolicy
    from longtake.types.response import VideoT_co
    from longtake.v1 import operation_pb2


class Watch:
    """The progress of a watch of one operation.

    Attributes:
        name: The name of the operation.
        ended: Whether its last state has arrived.
    """

    def __init__(self, name: str, after_revision: int, policy: RetryPolicy) -> None:
        self.name = name
        self.ended = False
        self._seen = after_revision
        self._resume_from = after_revision
        self._backoff = Backoff(policy)

    def request(self) -> video_service_pb2.WatchOperationRequest:
        """Return the request that starts or resumes the stream."""
        return video_service_pb2.WatchOperationRequest(
            name=self.name, after_revision=self._resume_from
        )

    def receive(
        self, message: video_service_pb2.WatchOperationResponse
    ) -> operation_pb2.GenerateVideosOperation | None:
        """Return the operation if it is newer than the last one returned, else None."""
        self._backoff.reset()
        if not message.HasField("operation"):
            return None
        operation = message.operation
        self.ended = operation.done
        if operation.revision <= self._seen:
            return None
        self._seen = self._resume_from = operation.revision
        return operation

    def broke(self, error: LongtakeError | None) -> float:
        """Return the seconds to wait before resuming. Without an error, the stream ended early.

        Raises:
            LongtakeError: The watch cannot be resumed.

        """
        if error is None:
            # Either the caller already has the last state, or something on the way ended
            # the stream. Asking for the current state shows which.
            self._resume_from = 0
            error = ServerError("UNAVAILABLE", f"the watch ended before {self.name} did")
        return self._backoff.next_delay(error)


def outcome_of(operation: Operation[VideoT_co]) -> GenerateVideosResponse[VideoT_co]:
    """Return the response of an operation that is done.

    Raises:
        OperationFailed: The operation has an error.

    """
    if operation.error is not None:
        raise OperationFailed(operation.name, operation.error)
    return operation.response or GenerateVideosResponse([])
