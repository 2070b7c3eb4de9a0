# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes an operation as the JSON of predictLongRunning and fetchPredictOperation. No I/O."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from google.protobuf import json_format

from longtake_server.http.google_wire.inline_json import Inline
from longtake_server.http.statuses import details_of
from longtake_server.rpc import convert

if TYPE_CHECKING:
    from collections.abc import Sequence

    from longtake_server.operations.model import OperationRecord

_RESPONSE_TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"


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


def succeeded(
    name: str, record: OperationRecord, addresses: Sequence[str | None]
) -> dict[str, object]:
    """Return the tree of an operation that has succeeded, for inline_json.

    Args:
        name: The name of the operation on Google's wire.
        record: The operation.
        addresses: The address of each video, None for one that is sent inline.

    """
    response: dict[str, object] = {
        "@type": _RESPONSE_TYPE,
        "raiMediaFilteredCount": record.filtered_count,
    }
    if record.filtered_reasons:
        response["raiMediaFilteredReasons"] = list(record.filtered_reasons)
    if record.videos:
        response["videos"] = [
            {**_source(index, address), "mimeType": video.mime_type}
            for index, (address, video) in enumerate(zip(addresses, record.videos, strict=True))
        ]
    return {"name": name, "done": True, "metadata": metadata(record), "response": response}


def metadata(record: OperationRecord) -> dict[str, object]:
    """Return what Longtake knows of an operation and Google's answers have no place for."""
    known = json_format.MessageToDict(convert.metadata(record))
    return {"operation": record.name, "revision": record.revision, **known}


def _source(index: int, address: str | None) -> dict[str, object]:
    return {"bytesBase64Encoded": Inline(index)} if address is None else {"gcsUri": address}


def _encoded(content: dict[str, object]) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode()
