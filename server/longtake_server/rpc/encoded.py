# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Operations as the bytes that are sent: encoded once for all who ask and all who watch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake.v1 import video_service_pb2 as api

from longtake_server.rpc import convert

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord

# An encoded operation has about half a kilobyte.
_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Encoded:
    """A revision of an operation.

    Attributes:
        revision: Which.
        operation: A GenerateVideosOperation.
        watched: A WatchOperationResponse that holds it.
    """

    revision: int
    operation: bytes
    watched: bytes


class EncodedOperations:
    """Keeps the newest revisions that were asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Encoded] = OrderedDict()

    def of(self, record: OperationRecord) -> Encoded:
        """Return the record's encoding."""
        kept = self._kept.get(record.name)
        if kept is None or kept.revision != record.revision:
            message = convert.operation(record)
            watched = api.WatchOperationResponse(operation=message)
            kept = Encoded(
                record.revision, message.SerializeToString(), watched.SerializeToString()
            )
            self._kept[record.name] = kept
        self._kept.move_to_end(record.name)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return kept
