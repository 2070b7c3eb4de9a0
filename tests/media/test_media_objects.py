# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The media store with real files: reads return what was written, and errors are mapped."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.media import put
from longtake_server.errors import OffsetPastEnd, StartFailure, StorageUnavailable, VideoExpired
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.operations.model import StoredVideo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.operations.media import MediaStore
    from longtake_server.operations.upstream import ResultSink

OPERATION = "operations/0193"
MEBIBYTE = 1 << 20
DATA = bytes(range(256)) * (10 * MEBIBYTE // 256) + b"the end"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def store(folder: Path) -> ObjectMediaStore:
    return ObjectMediaStore.open(folder)


@pytest.fixture
def no_room() -> Iterator[None]:
    """Limit files to 1 MiB, so that a write fails in the middle, as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def read(
    store: ObjectMediaStore, video: StoredVideo, offset: int = 0, limit: int | None = None
) -> list[bytes]:
    async with store.open_video(video, offset, limit) as reading:
        return [chunk async for chunk in reading.chunks]


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def open_files() -> set[str]:
    return {path.name for path in Path("/proc/self/fd").iterdir()}


async def test_what_is_read_is_what_was_put(store: ObjectMediaStore) -> None:
    video = await put(store, OPERATION, 0, DATA)
    assert b"".join(await read(store, video)) == DATA


async def test_a_put_tells_the_place_the_size_and_the_digest(
    store: ObjectMediaStore, folder: Path
) -> None:
    video = await put(store, OPERATION, 3, DATA)
    assert video == StoredVideo(
        location="operations/0193/videos/3.mp4",
        mime_type="video/mp4",
        size_bytes=len(DATA),
        sha256=hashlib.sha256(DATA).hexdigest(),
    )
    assert files(folder) == ["operations/0193/videos/3.mp4"]


async def test_it_is_the_port_and_the_sink(store: ObjectMediaStore) -> None:
    media: MediaStore = store
    sink: ResultSink = store
    assert media is sink


async def test_putting_an_index_again_replaces_it(store: ObjectMediaStore) -> None:
    await put(store, OPERATION, 0, DATA)
    video = await put(store, OPERATION, 0, b"shorter")
    assert await read(store, video) == [b"shorter"]


@pytest.mark.parametrize(
    ("offset", "limit"),
    [
        (0, 0),
        (0, 1),
        (1, None),
        (MEBIBYTE, MEBIBYTE),
        (MEBIBYTE - 1, MEBIBYTE + 2),
        (len(DATA) - 3, None),
        (len(DATA) - 3, 1000),
        (len(DATA), None),
        (len(DATA), 5),
    ],
)
async def test_a_range_is_that_part_of_the_whole(
    store: ObjectMediaStore, offset: int, limit: int | None
) -> None:
    video = await put(store, OPERATION, 0, DATA)
    expected = DATA[offset:] if limit is None else DATA[offset : offset + limit]
    assert b"".join(await read(store, video, offset, limit)) == expected


async def test_chunks_are_of_at_most_a_mebibyte(store: ObjectMediaStore) -> None:
    video = await put(store, OPERATION, 0, DATA)
    assert max(map(len, await read(store, video))) == MEBIBYTE


async def test_the_size_of_the_whole_is_told_whatever_the_range(store: ObjectMediaStore) -> None:
    video = await put(store, OPERATION, 0, DATA)
    async with store.open_video(video, 5, 10) as reading:
        assert reading.size_bytes == len(DATA)


async def test_an_offset_past_the_end_is_refused(store: ObjectMediaStore) -> None:
    video = await put(store, OPERATION, 0, b"abc")
    with pytest.raises(OffsetPastEnd, match="the video has 3 bytes"):
        await read(store, video, 4)


async def test_a_video_that_is_missing_has_expired(store: ObjectMediaStore) -> None:
    with pytest.raises(VideoExpired, match="operations/0193/videos/0 do not exist"):
        await read(store, StoredVideo("operations/0193/videos/0.mp4"))


@pytest.fixture(params=["in memory", "on the disk"])
async def video(
    store: ObjectMediaStore, folder: Path, request: pytest.FixtureRequest
) -> StoredVideo:
    """Store the data, and keep it in the page cache or evict it."""
    stored = await put(store, OPERATION, 0, DATA)
    if request.param == "on the disk":
        with (folder / stored.location).open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return stored


async def test_it_is_read_alike_wherever_its_bytes_are(
    store: ObjectMediaStore, video: StoredVideo
) -> None:
    assert b"".join(await read(store, video)) == DATA


async def test_where_the_kernel_can_not_tell_threads_read_it(
    store: ObjectMediaStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise OSError(errno.EOPNOTSUPP, "Operation not supported")

    video = await put(store, OPERATION, 0, DATA)
    monkeypatch.setattr(os, "preadv", refuse)
    assert b"".join(await read(store, video)) == DATA


async def test_a_video_that_is_deleted_under_its_reader_is_read_to_its_end(
    store: ObjectMediaStore, video: StoredVideo
) -> None:
    async with store.open_video(video, 0, None) as reading:
        first = await anext(reading.chunks)
        await store.delete(OPERATION)
        assert first + b"".join([chunk async for chunk in reading.chunks]) == DATA


async def test_a_video_that_is_cut_under_its_reader_is_a_fault(
    store: ObjectMediaStore, folder: Path, video: StoredVideo
) -> None:
    async with store.open_video(video, 0, None) as reading:
        await anext(reading.chunks)
        os.truncate(folder / video.location, 2 * MEBIBYTE)
        with pytest.raises(StorageUnavailable):
            async for _ in reading.chunks:
                pass


async def test_a_reader_holds_no_file_when_it_has_ended(
    store: ObjectMediaStore, video: StoredVideo
) -> None:
    before = open_files()
    await read(store, video)
    with pytest.raises(OffsetPastEnd):
        await read(store, video, len(DATA) + 1)
    assert open_files() == before


async def test_a_reader_may_leave_in_the_middle(store: ObjectMediaStore) -> None:
    video = await put(store, OPERATION, 0, DATA)
    async with store.open_video(video, 0, None) as reading:
        assert await anext(reading.chunks) == DATA[:MEBIBYTE]
    with pytest.raises(StopAsyncIteration):
        await anext(reading.chunks)


async def test_deleting_removes_all_of_an_operation_and_nothing_else(
    store: ObjectMediaStore, folder: Path
) -> None:
    for index in range(3):
        await put(store, OPERATION, index, b"one")
    await put(store, "operations/01934", 0, b"another's")
    await store.delete(OPERATION)
    assert files(folder) == ["operations/01934/videos/0.mp4"]
    assert not (folder / OPERATION).exists()


async def test_deleting_removes_what_a_killed_write_left(
    store: ObjectMediaStore, folder: Path
) -> None:
    await put(store, OPERATION, 0, b"one")
    (folder / OPERATION / "videos" / "0.mp4#1").write_bytes(b"half")
    await store.delete(OPERATION)
    assert files(folder) == []


async def test_deleting_what_is_not_there_is_fine(store: ObjectMediaStore) -> None:
    await store.delete(OPERATION)
    await store.delete(OPERATION)


@pytest.mark.usefixtures("no_room")
async def test_without_room_a_put_fails_and_leaves_nothing(
    store: ObjectMediaStore, folder: Path
) -> None:
    with pytest.raises(StorageUnavailable, match="the object store failed: File too large"):
        await put(store, OPERATION, 0, DATA)
    assert files(folder) == []


async def test_a_failed_put_leaves_what_was_there(
    store: ObjectMediaStore, request: pytest.FixtureRequest
) -> None:
    video = await put(store, OPERATION, 0, b"before")
    request.getfixturevalue("no_room")
    with pytest.raises(StorageUnavailable):
        await put(store, OPERATION, 0, DATA)
    assert await read(store, video) == [b"before"]


async def test_a_fault_tells_a_caller_no_path(store: ObjectMediaStore, folder: Path) -> None:
    (folder / "operations").write_bytes(b"a file where a folder should be")
    with pytest.raises(StorageUnavailable) as raised:
        await put(store, OPERATION, 0, b"one")
    assert str(raised.value) == (
        "the store is not available: the object store failed: Not a directory"
    )
    with pytest.raises(StorageUnavailable, match="Not a directory"):
        await store.delete(OPERATION)


async def test_a_put_is_flushed_before_it_has_its_name_then_the_folders_that_lead_to_it(
    store: ObjectMediaStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flushed: list[tuple[str, Path]] = []
    flush = os.fsync

    def noted(handle: int) -> None:
        path = Path(f"/proc/self/fd/{handle}").readlink()
        flushed.append((path.suffix, path if path.is_dir() else path.parent))
        flush(handle)

    monkeypatch.setattr(os, "fsync", noted)
    video = await put(store, OPERATION, 0, b"one")
    place = folder / video.location
    folders = [place.parent, place.parents[1], place.parents[2], folder]
    assert flushed == [(".part", place.parent), *(("", each) for each in folders)]


@pytest.mark.parametrize("form", ["{}", "file://{}"])
async def test_a_folder_is_named_by_its_path_or_its_address(tmp_path: Path, form: str) -> None:
    place = tmp_path / "deep" / "media"
    store = ObjectMediaStore.open(form.format(place))
    await put(store, OPERATION, 0, b"one")
    assert files(place) == ["operations/0193/videos/0.mp4"]
    assert await read(store, StoredVideo("operations/0193/videos/0.mp4")) == [b"one"]


@pytest.mark.parametrize("place", ["ftp://host/folder", "memory://", "https://host/folder"])
def test_an_address_of_another_kind_is_refused(place: str) -> None:
    with pytest.raises(StartFailure, match="accepted are a folder, file://, gs:// and s3://"):
        ObjectMediaStore.open(place)


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StartFailure) as raised:
        ObjectMediaStore.open(tmp_path / "file" / "media")
    message = str(raised.value)
    assert "\n" not in message
    assert str(tmp_path) in message
    assert "LONGTAKE_MEDIA_URL" in message


def test_a_process_that_read_a_moment_ago_ends_well(folder: Path) -> None:
    program = """
import asyncio, sys
from longtake_server.media.objects import ObjectMediaStore
async def main():
    store = ObjectMediaStore.open(sys.argv[1])
    async with store.receive("operations/1") as incoming:
        await incoming.write(bytes(8 << 20))
        video = await incoming.keep(0, "video/mp4")
    async with store.open_video(video, 0, None) as reading:
        await anext(reading.chunks)
asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program, folder], capture_output=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, b"")
