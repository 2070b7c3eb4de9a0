# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages as the bytes that are sent.

Operations are encoded once for all who ask and all who watch, and the bytes of videos are
copied once on their way.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.rpc import convert

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.operations.model import Failure, OperationRecord

# An encoded operation has about half a kilobyte.
_MOST_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Encoded:
    """A revision of an operation.

    Attributes:
        revision: Which.
        outage: Why the operation waits, if its upstream does not answer: no part of a revision.
        operation: A GenerateVideosOperation.
        watched: A WatchOperationResponse that holds it, or the beginning of a
            WatchOperationsResponse.
    """

    revision: int
    outage: tuple[Failure | None, datetime | None]
    operation: bytes
    watched: bytes


# Field 1 of both watches' messages is `operation`, and of DownloadVideoResponse `chunk`; of
# HttpBody 1 is `content_type` and 2 is `data`.
# Each has a length before its bytes.
_FIRST_FIELD, _SECOND_FIELD = b"\x0a", b"\x12"


def video_chunk(content_type: str, data: bytes) -> bytes:
    """Return a DownloadVideoResponse with these bytes of a video.

    To set a field and serialise it copies a chunk twice, which takes longer than to read it.
    """
    text = content_type.encode()
    head = b"".join((_FIRST_FIELD, _length(text), text, _SECOND_FIELD, _length(data)))
    size = len(head) + len(data)
    return b"".join((_FIRST_FIELD, _varint(size), head, data))


def _length(data: bytes) -> bytes:
    return _varint(len(data))


def _varint(number: int) -> bytes:
    """Return a number as protobuf writes it: seven bits a byte, the least ones first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


class EncodedOperations:
    """Keeps the newest revisions that were asked for."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Encoded] = OrderedDict()

    def clear(self) -> None:
        """Forget all of them."""
        self._kept.clear()

    def of(self, record: OperationRecord) -> Encoded:
        """Return the record's encoding."""
        kept = self._kept.get(record.name)
        outage = (record.last_refusal, record.next_retry_time)
        if kept is None or kept.revision != record.revision or kept.outage != outage:
            operation = convert.operation(record).SerializeToString()
            watched = b"".join((_FIRST_FIELD, _length(operation), operation))
            kept = Encoded(record.revision, outage, operation, watched)
            self._kept[record.name] = kept
        self._kept.move_to_end(record.name)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return kept
