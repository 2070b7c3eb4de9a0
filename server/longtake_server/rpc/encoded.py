# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Encodes messages as the bytes on the wire.

Each revision of an operation is encoded once for all calls and watches. Video chunks are copied
once.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.frozen import frozen_by_types
from longtake_server.rpc import convert

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.operations.model import Failure, OperationRecord

# An encoded operation takes about half a kilobyte.
_MOST_KEPT = 4096


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Encoded:
    """An encoded revision of an operation.

    Attributes:
        revision: The revision.
        outage: Why the operation waits if its upstream does not answer. It is not part of a
            revision.
        operation: The GenerateVideosOperation.
        watched: The WatchOperationResponse that contains it, which is also the beginning of
            a WatchOperationsResponse.
    """

    revision: int
    outage: tuple[Failure | None, datetime | None]
    operation: bytes
    watched: bytes


# Field 1 is `operation` in the messages of both watches, `chunk` in DownloadVideoResponse and
# `content_type` in HttpBody, whose field 2 is `data`. Each is encoded with its length.
_FIRST_FIELD, _SECOND_FIELD = b"\x0a", b"\x12"


def video_chunk(content_type: str, data: bytes) -> bytes:
    """Return an encoded DownloadVideoResponse with a chunk of a video.

    Setting and serialising the field would copy the chunk twice, which takes longer than
    reading it.
    """
    text = content_type.encode()
    head = b"".join((_FIRST_FIELD, _length(text), text, _SECOND_FIELD, _length(data)))
    size = len(head) + len(data)
    return b"".join((_FIRST_FIELD, _varint(size), head, data))


def _length(data: bytes) -> bytes:
    return _varint(len(data))


def _varint(number: int) -> bytes:
    """Encode a number as a protobuf varint: seven bits per byte, least significant first."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


class EncodedOperations:
    """Caches the encodings of the most recently used operations."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, Encoded] = OrderedDict()

    def clear(self) -> None:
        """Empty the cache."""
        self._kept.clear()

    def of(self, record: OperationRecord) -> Encoded:
        """Return the encoding of a record."""
        kept = self._kept.get(record.name)
        outage = (record.last_refusal, record.next_retry_time)
        if kept is not None:
            self._kept.move_to_end(record.name)
            if kept.revision == record.revision and kept.outage == outage:
                return kept
        operation = convert.operation(record).SerializeToString()
        watched = b"".join((_FIRST_FIELD, _length(operation), operation))
        kept = self._kept[record.name] = Encoded(record.revision, outage, operation, watched)
        if len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return kept
