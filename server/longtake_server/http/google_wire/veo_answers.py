# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes an operation as the JSON of predictLongRunning and fetchPredictOperation. No I/O."""

from __future__ import annotations

import binascii
import json
from typing import TYPE_CHECKING

from google.protobuf import json_format

from longtake_server.http.google_wire.google_errors import details_of
from longtake_server.rpc import convert

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from longtake_server.operations.model import OperationRecord

_RESPONSE_TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
_KEY = b'"bytesBase64Encoded":"'
_PLACE = b'"bytesBase64Encoded":null'
# Three bytes are four characters of base64. A slice takes well under a millisecond.
_SLICE = 3 << 16


def started(name: str) -> bytes:
    """Return the answer to predictLongRunning."""
    return _encoded({"name": name})


def undone(name: str, record: OperationRecord) -> bytes:
    """Return an operation that has not ended."""
    return _encoded({"name": name, "metadata": metadata(record)})


def failed(name: str, record: OperationRecord) -> bytes:
    """Return an operation that has failed or was cancelled."""
    status = convert.standard_operation(record).error
    error: dict[str, object] = {"code": status.code, "message": status.message}
    if status.details:
        error["details"] = details_of(status)
    return _encoded({"name": name, "done": True, "metadata": metadata(record), "error": error})


def succeeded(name: str, record: OperationRecord, addresses: Sequence[str | None]) -> list[bytes]:
    """Return the parts of the JSON of an operation that has succeeded.

    The base64 of a video belongs between each part and the next.

    Args:
        name: The name of the operation on Google's wire.
        record: The operation.
        addresses: The address of each video, None for one that is sent inline.

    """
    videos = [
        {**_source(address), "mimeType": video.mime_type}
        for address, video in zip(addresses, record.videos, strict=True)
    ]
    # Within a text JSON escapes the quotes, so no text can be taken for a place.
    parts = _encoded(_succeeded(name, record, videos)).split(_PLACE)
    starts = [b"", *(b'"' for _ in parts[1:])]
    ends = [*(_KEY for _ in parts[1:]), b""]
    return [start + part + end for start, part, end in zip(starts, parts, ends, strict=True)]


def encoded_size(parts: Sequence[bytes], sizes: Sequence[int]) -> int:
    """Return the size of the JSON with the base64 of videos of these sizes."""
    return sum(map(len, parts)) + sum((size + 2) // 3 * 4 for size in sizes)


async def base64_of(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes]:
    """Encode a stream in base64, a slice at a time."""
    rest = b""
    async for chunk in chunks:
        data = memoryview(rest + chunk if rest else chunk)
        whole = len(data) - len(data) % 3
        rest = bytes(data[whole:])
        for start in range(0, whole, _SLICE):
            yield binascii.b2a_base64(data[start : min(start + _SLICE, whole)], newline=False)
    if rest:
        yield binascii.b2a_base64(rest, newline=False)


def metadata(record: OperationRecord) -> dict[str, object]:
    """Return what Longtake knows of an operation and Google's answers have no place for."""
    known = json_format.MessageToDict(convert.metadata(record))
    return {"operation": record.name, "revision": record.revision, **known}


def _source(address: str | None) -> dict[str, str | None]:
    return {"bytesBase64Encoded": None} if address is None else {"gcsUri": address}


def _succeeded(
    name: str, record: OperationRecord, videos: Sequence[dict[str, str | None]]
) -> dict[str, object]:
    response: dict[str, object] = {
        "@type": _RESPONSE_TYPE,
        "raiMediaFilteredCount": record.filtered_count,
    }
    if record.filtered_reasons:
        response["raiMediaFilteredReasons"] = list(record.filtered_reasons)
    if videos:
        response["videos"] = list(videos)
    return {"name": name, "done": True, "metadata": metadata(record), "response": response}


def _encoded(content: dict[str, object]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
