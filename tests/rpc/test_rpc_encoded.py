# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Messages that are encoded by hand decode to the expected messages."""

from __future__ import annotations

import pytest
from longtake.v1 import video_service_pb2 as api
from longtake_server.rpc import convert
from longtake_server.rpc.encoded import EncodedOperations, video_chunk
from storage.storage_records import new_record


# A length takes one more byte from 128 and from 16384.
@pytest.mark.parametrize("size", [0, 1, 100, 127, 128, 16_383, 16_384, 1 << 20])
@pytest.mark.parametrize("content_type", ["", "video/mp4", "x" * 200])
def test_a_chunk_of_a_video_reads_as_its_message(content_type: str, size: int) -> None:
    message = api.DownloadVideoResponse()
    message.chunk.content_type = content_type
    message.chunk.data = b"\x80" * size

    assert (
        api.DownloadVideoResponse.FromString(video_chunk(content_type, b"\x80" * size)) == message
    )


@pytest.mark.parametrize("prefix", ["", "x" * 20_000])
def test_an_operation_begins_the_messages_of_both_watches(prefix: str) -> None:
    record = new_record(model=f"{prefix}veo", labels={"scene": "7"})
    operation = convert.operation(record)
    encoded = EncodedOperations().of(record)
    assert encoded.operation == operation.SerializeToString()
    one = api.WatchOperationResponse(operation=operation)
    assert encoded.watched == one.SerializeToString()
    position = api.WatchOperationsResponse(position="9").SerializeToString()
    many = api.WatchOperationsResponse(operation=operation, position="9")
    assert encoded.watched + position == many.SerializeToString()
