# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""JSON that contains whole videos is written in parts."""

from __future__ import annotations

import base64
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from longtake_server.errors import StorageUnavailable
from longtake_server.http.google_wire.inline_json import Inline, write_json
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.results.download import Download

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

CHUNK = bytes(range(256)) * 4096


class Videos:
    """Videos of a number of chunks each, of which those of none cannot be opened.

    Attributes:
        opened: How many are open.
    """

    def __init__(self, *chunks: int) -> None:
        self._chunks = chunks
        self.opened = 0

    @asynccontextmanager
    async def open(self, index: int) -> AsyncGenerator[Download]:
        count = self._chunks[index]
        if not count:
            raise StorageUnavailable("it is away")
        self.opened += 1
        try:
            yield Download(StoredVideo("a"), count * len(CHUNK), self._read(count))
        finally:
            self.opened -= 1

    async def _read(self, count: int) -> AsyncIterator[bytes]:
        for _ in range(count):
            yield CHUNK


async def test_videos_stand_where_the_tree_says() -> None:
    tree = {"a": Inline(1), "b": [{"c": Inline(0)}, "\0 d"]}
    parts = [part async for part in write_json(tree, Videos(1, 3).open, before=b"data: ")]

    assert b"".join(parts[:1]) == b'data: {"a":"'
    told = json.loads(b"".join(parts).removeprefix(b"data: "))
    expected = [base64.b64encode(CHUNK * count).decode() for count in (3, 1)]
    assert told == {"a": expected[0], "b": [{"c": expected[1]}, "\0 d"]}
    assert max(map(len, parts)) <= 1 << 18


async def test_a_tree_without_videos_is_one_part() -> None:
    assert [part async for part in write_json({"a": 1}, Videos().open)] == [b'{"a":1}']


async def test_a_reader_that_leaves_closes_the_video() -> None:
    videos = Videos(100)
    parts = write_json({"a": Inline(0)}, videos.open)
    await anext(parts)
    await anext(parts)
    assert videos.opened == 1
    await parts.aclose()
    assert videos.opened == 0


async def test_an_error_of_opening_comes_before_the_first_part() -> None:
    parts = write_json({"a": Inline(0)}, Videos(0).open)
    with pytest.raises(StorageUnavailable):
        await anext(parts)
