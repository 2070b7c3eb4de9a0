# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos that are stored while they arrive, in a folder and in a remote store."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from typing import TYPE_CHECKING

import obstore
import pytest
from longtake_server.errors import StorageUnavailable
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.media.uploads import FileUpload
from longtake_server.operations.model import StoredVideo
from obstore.store import LocalStore, MemoryStore

if TYPE_CHECKING:
    from pathlib import Path

    from obstore.store import ObjectStore

OPERATION = "operations/0193"
MEBIBYTE = 1 << 20
PIECE = bytes(range(256)) * 100
DATA = PIECE * 500


@pytest.fixture(params=["folder", "remote"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    """Return a folder, or a store that the server can reach only as objects."""
    if request.param == "folder":
        return LocalStore(tmp_path / "media", mkdir=True)
    return MemoryStore()


@pytest.fixture
def store(place: ObjectStore) -> ObjectMediaStore:
    return ObjectMediaStore(place)


def keys(place: ObjectStore) -> list[str]:
    return sorted(meta["path"] for batch in obstore.list(place) for meta in batch)


async def read(store: ObjectMediaStore, video: StoredVideo) -> bytes:
    async with store.open_video(video, 0, None) as reading:
        return b"".join([chunk async for chunk in reading.chunks])


async def test_what_is_kept_is_what_was_written(
    store: ObjectMediaStore, place: ObjectStore
) -> None:
    async with store.receive(OPERATION) as incoming:
        for _ in range(500):
            await incoming.write(PIECE)
        await incoming.finish()
        video = await incoming.keep(3, "video/webm")
    digest = hashlib.sha256(DATA).hexdigest()
    assert video == StoredVideo(f"{OPERATION}/videos/3.mp4", "video/webm", len(DATA), digest)
    assert await read(store, video) == DATA
    assert keys(place) == [video.location]


async def test_a_video_need_not_be_finished_before_it_is_kept(store: ObjectMediaStore) -> None:
    async with store.receive(OPERATION) as incoming:
        await incoming.write(b"short")
        video = await incoming.keep(0, "video/mp4")
    assert await read(store, video) == b"short"


async def test_an_empty_video_is_kept_as_such(store: ObjectMediaStore) -> None:
    async with store.receive(OPERATION) as incoming:
        video = await incoming.keep(0, "video/mp4")
    assert video.sha256 == hashlib.sha256(b"").hexdigest()
    assert await read(store, video) == b""


async def test_there_is_no_video_before_it_is_kept(
    store: ObjectMediaStore, place: ObjectStore
) -> None:
    async with store.receive(OPERATION) as incoming:
        await incoming.write(DATA)
        await incoming.finish()
        assert [key.rpartition(".")[2] for key in keys(place)] == ["part"]


@pytest.mark.parametrize("finished", [False, True])
async def test_what_is_not_kept_is_removed(
    store: ObjectMediaStore, place: ObjectStore, finished: bool
) -> None:
    async with store.receive(OPERATION) as incoming:
        await incoming.write(DATA)
        if finished:
            await incoming.finish()
    assert keys(place) == []


async def test_a_video_that_received_nothing_opens_nothing(
    store: ObjectMediaStore, place: ObjectStore
) -> None:
    async with store.receive(OPERATION):
        pass
    assert keys(place) == []


async def test_keeping_an_index_again_replaces_it(
    store: ObjectMediaStore, place: ObjectStore
) -> None:
    for data in (DATA, b"shorter"):
        async with store.receive(OPERATION) as incoming:
            await incoming.write(data)
            video = await incoming.keep(0, "video/mp4")
    assert await read(store, video) == b"shorter"
    assert keys(place) == [video.location]


async def test_deleting_an_operation_removes_what_a_killed_server_had_received(
    store: ObjectMediaStore, place: ObjectStore
) -> None:
    obstore.put(place, f"{OPERATION}/videos/0f0f.part", b"half")
    await store.delete(OPERATION)
    assert keys(place) == []


async def test_a_video_whose_operation_is_deleted_meanwhile_cannot_be_kept(
    store: ObjectMediaStore, place: ObjectStore
) -> None:
    async with store.receive(OPERATION) as incoming:
        await incoming.write(DATA)
        await incoming.finish()
        await store.delete(OPERATION)
        with pytest.raises(StorageUnavailable):
            await incoming.keep(0, "video/mp4")
    assert keys(place) == []


async def test_a_cancelled_receiver_waits_for_its_thread_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = LocalStore(tmp_path / "media", mkdir=True)
    store = ObjectMediaStore(place)
    writing, loop = asyncio.Event(), asyncio.get_running_loop()
    let_write = threading.Event()
    write = FileUpload.write

    def slow(upload: FileUpload, data: bytes | bytearray) -> None:
        loop.call_soon_threadsafe(writing.set)
        let_write.wait()
        write(upload, data)

    monkeypatch.setattr(FileUpload, "write", slow)

    async def receive() -> None:
        async with store.receive(OPERATION) as incoming:
            await incoming.write(DATA)
            await incoming.finish()

    receiving = asyncio.create_task(receive())
    await writing.wait()
    receiving.cancel()
    loop.call_later(0, let_write.set)
    with pytest.raises(asyncio.CancelledError):
        await receiving
    assert keys(place) == []
