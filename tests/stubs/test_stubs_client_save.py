# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What `save` of either half does to what has the name already, and what failures leave."""

from __future__ import annotations

import asyncio
import errno
import io
import os
import socket
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, Silence, video_service
from longtake import AsyncClient
from longtake._saving import PartialFile
from stubs.stubs_messages import NAME, VIDEO, chunk, whole_video

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

FIRST = f"{NAME}/videos/0"


def _save(caller: MakeCaller, path: Path) -> Path:
    with video_service(Call("DownloadVideo", whole_video())) as service:
        return caller(service.address).save(FIRST, path)


def _permissions(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_follows_the_umask(caller: MakeCaller, tmp_path: Path, mask: int) -> None:
    with _umask(mask):
        saved = _save(caller, tmp_path / "video.mp4")

    assert _permissions(saved) == 0o666 & ~mask


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666, 0o755, 0o444])
def test_a_file_that_is_replaced_keeps_its_permissions(
    caller: MakeCaller, tmp_path: Path, mode: int
) -> None:
    path = tmp_path / "video.mp4"
    path.write_text("an older one")
    path.chmod(mode)

    _save(caller, path)

    assert path.read_bytes() == VIDEO
    assert _permissions(path) == mode
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_and_the_file_that_it_points_to_is_replaced(
    caller: MakeCaller, tmp_path: Path
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    target, link = folder / "target.mp4", tmp_path / "link.mp4"
    target.write_text("an older one")
    target.chmod(0o640)
    link.symlink_to("folder/target.mp4")

    assert _save(caller, link) == link

    assert link.is_symlink()
    assert link.readlink().as_posix() == "folder/target.mp4"
    assert target.read_bytes() == VIDEO
    assert _permissions(target) == 0o640
    assert list(folder.iterdir()) == [target]


def test_a_link_to_nothing_gets_its_file(caller: MakeCaller, tmp_path: Path) -> None:
    link = tmp_path / "link.mp4"
    link.symlink_to(tmp_path / "target.mp4")

    _save(caller, link)

    assert link.is_symlink()
    assert (tmp_path / "target.mp4").read_bytes() == VIDEO


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _link_to_a_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("pipe"))
    path.symlink_to("pipe")


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def _directory(path: Path) -> None:
    path.mkdir()


def _loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    ("make", "number", "message"),
    [
        (_pipe, errno.EEXIST, "it is a named pipe; a video is saved to a regular file"),
        (_link_to_a_pipe, errno.EEXIST, "it is a named pipe; "),
        (_socket, errno.EEXIST, "it is a socket; "),
        (_directory, errno.EISDIR, "it is a directory; give the name of a file"),
        (_loop, errno.ELOOP, "symbolic links"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_no_regular_file_is_refused_before_anything_is_fetched(
    caller: MakeCaller,
    tmp_path: Path,
    make: Callable[[Path], None],
    number: int,
    message: str,
) -> None:
    path = tmp_path / "video.mp4"
    make(path)
    before = {each.name: each.lstat().st_ino for each in tmp_path.iterdir()}

    with video_service() as service:
        with pytest.raises(OSError, match=message) as caught:
            caller(service.address).save(FIRST, path)

        assert caught.value.errno == number
        assert str(path) in str(caught.value)
        assert service.received == []
    assert {each.name: each.lstat().st_ino for each in tmp_path.iterdir()} == before


def test_a_device_is_refused_before_anything_is_fetched(caller: MakeCaller) -> None:
    # A terminal of the test's own: nothing can replace it, as root could replace /dev/null.
    ends = os.openpty()
    try:
        with video_service() as service, pytest.raises(FileExistsError, match="it is a device; "):
            caller(service.address).save(FIRST, Path(os.ttyname(ends[1])))
    finally:
        for end in ends:
            os.close(end)


def test_a_pipe_that_takes_the_name_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    path = tmp_path / "video.mp4"
    file = PartialFile(path)
    try:
        file.open()
        file.write(VIDEO)
        os.mkfifo(path)
        with pytest.raises(FileExistsError, match="named pipe"):
            file.commit()
    finally:
        file.discard()

    assert list(tmp_path.iterdir()) == [path]
    assert path.is_fifo()


@pytest.mark.parametrize("path", [io.BytesIO(), b"video.mp4", None], ids=["file", "bytes", "none"])
def test_what_is_no_path_is_named(caller: MakeCaller, path: Any) -> None:
    with video_service() as service, pytest.raises(TypeError, match=r"^path: .*; it is a str or"):
        caller(service.address).save(FIRST, path)


def test_a_folder_that_does_not_exist_is_told_before_anything_is_fetched(
    caller: MakeCaller, tmp_path: Path
) -> None:
    with video_service() as service, pytest.raises(FileNotFoundError):
        caller(service.address).save(FIRST, tmp_path / "nowhere" / "video.mp4")


@pytest.mark.parametrize("fault", [KeyboardInterrupt(), OSError(errno.ENOSPC, "No space left")])
@pytest.mark.parametrize("step", ["chmod", "write", "fsync", "replace"])
def test_a_fault_at_any_step_leaves_the_older_file_and_nothing_else(
    caller: MakeCaller,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    fault: BaseException,
) -> None:
    path = tmp_path / "video.mp4"
    path.write_text("an older one")
    owner = {"chmod": "pathlib.Path", "replace": "pathlib.Path", "fsync": "os"}.get(
        step, "longtake._saving.PartialFile"
    )

    def fail(*_arguments: object) -> None:
        raise fault

    with video_service(*_needed(step)) as service, monkeypatch.context() as patched:
        patched.setattr(f"{owner}.{step}", fail)
        with pytest.raises(type(fault)):
            caller(service.address).save(FIRST, path)

    assert path.read_text() == "an older one"
    assert list(tmp_path.iterdir()) == [path]


def _needed(step: str) -> list[Call]:
    return [] if step == "chmod" else [Call("DownloadVideo", whole_video())]


async def test_a_task_that_is_cancelled_leaves_no_part(tmp_path: Path) -> None:
    beginning = chunk(VIDEO[:1000], size_bytes=len(VIDEO))
    silent = Call("DownloadVideo", beginning, Silence.UNTIL_THE_CALLER_LEAVES)
    with video_service(silent) as service:
        async with AsyncClient(service.address) as client:
            path = tmp_path / "video.mp4"
            saving = asyncio.ensure_future(client.operations.video(FIRST).save(path))
            await asyncio.to_thread(service.arrivals.get)
            assert [part.suffix for part in await asyncio.to_thread(_listed, tmp_path)] == [".part"]
            saving.cancel()
            await asyncio.wait([saving])

            assert saving.cancelled()
            assert await asyncio.to_thread(_listed, tmp_path) == []


def _listed(folder: Path) -> list[Path]:
    return list(folder.iterdir())
