# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Servers that share a folder of videos: whoever writes last, one whole video is there."""

from __future__ import annotations

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from fakes.media import put
from longtake_server.errors import StorageUnavailable
from longtake_server.media.objects import ObjectMediaStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from longtake_server.operations.model import StoredVideo

OPERATION = "operations/0193"
MEBIBYTE = 1 << 20


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def stores(folder: Path) -> list[ObjectMediaStore]:
    return [ObjectMediaStore.open(folder) for _ in range(2)]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


async def _read(store: ObjectMediaStore, video: StoredVideo) -> bytes:
    async with store.open_video(video, 0, None) as reading:
        return b"".join([chunk async for chunk in reading.chunks])


async def _in_step(
    letter: bytes, parts: int, mine: asyncio.Semaphore, others: asyncio.Semaphore
) -> AsyncIterator[bytes]:
    """Yield parts of a video, each after the other writer has written one."""
    for _ in range(parts):
        await mine.acquire()
        yield letter * MEBIBYTE
        others.release()


def test_servers_that_start_together_test_the_folder_without_disturbing_each_other(
    folder: Path,
) -> None:
    with ThreadPoolExecutor(8) as threads:
        for opened in [threads.submit(ObjectMediaStore.open, folder) for _ in range(100)]:
            opened.result()
    assert files(folder) == []


async def test_two_copies_of_one_video_at_the_same_time_leave_one_whole_video(
    stores: list[ObjectMediaStore], folder: Path
) -> None:
    first, second = asyncio.Semaphore(1), asyncio.Semaphore(0)
    videos = await asyncio.gather(
        stores[0].put_stream(OPERATION, 0, "video/mp4", _in_step(b"a", 6, first, second)),
        stores[1].put_stream(OPERATION, 0, "video/mp4", _in_step(b"b", 6, second, first)),
    )
    found = [await _read(store, video) for store, video in zip(stores, videos, strict=True)]
    assert found[0] == found[1]
    assert found[0] in (b"a" * 6 * MEBIBYTE, b"b" * 6 * MEBIBYTE)
    assert hashlib.sha256(found[0]).hexdigest() in {video.sha256 for video in videos}
    assert files(folder) == [videos[0].location]


async def test_a_late_write_of_the_same_video_changes_nothing(
    stores: list[ObjectMediaStore], folder: Path
) -> None:
    data = b"a" * (3 * MEBIBYTE)
    kept = await put(stores[1], OPERATION, 0, data)
    late = await put(stores[0], OPERATION, 0, data)
    assert late == kept
    assert await _read(stores[1], kept) == data
    assert files(folder) == [kept.location]


async def test_a_copy_that_was_broken_off_leaves_the_video_of_the_other(
    stores: list[ObjectMediaStore], folder: Path
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"b" * MEBIBYTE
        await put(stores[1], OPERATION, 0, b"whole")
        raise StorageUnavailable("the engine was replaced")

    with pytest.raises(StorageUnavailable):
        await stores[0].put_stream(OPERATION, 0, "video/mp4", broken())
    video = await put(stores[1], OPERATION, 0, b"whole")
    assert await _read(stores[0], video) == b"whole"
    await stores[1].delete(OPERATION)
    assert files(folder) == []


async def test_both_may_delete_a_video(stores: list[ObjectMediaStore], folder: Path) -> None:
    for index in range(20):
        await put(stores[0], OPERATION, index, b"whole")
    await asyncio.gather(*(store.delete(OPERATION) for store in stores * 4))
    assert files(folder) == []
