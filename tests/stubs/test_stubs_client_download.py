# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Downloads of the Python client: resumed where they break, verified at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.rpc import code_pb2
from longtake import Client
from longtake.errors import ClientError, ServerError, VideoCorrupted
from stubs.stubs_messages import (
    NAME,
    VIDEO,
    chunk,
    error_info,
    seen,
    sha256,
    status,
    succeeded,
    unavailable,
    whole_video,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from longtake.v1.video_service_pb2 import DownloadVideoResponse
    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

FIRST = f"{NAME}/videos/0"
CUT = 1000


def _beginning() -> DownloadVideoResponse:
    return chunk(VIDEO[:CUT], size_bytes=len(VIDEO), sha256=sha256())


def test_a_download_that_is_cut_goes_on_at_its_offset(caller: MakeCaller, tmp_path: Path) -> None:
    with video_service(
        Call("DownloadVideo", _beginning(), unavailable()),
        Call("DownloadVideo", chunk(VIDEO[CUT:], size_bytes=len(VIDEO), sha256=sha256())),
    ) as service:
        saved = caller(service.address).save(FIRST, tmp_path / "video.mp4")

        assert saved.read_bytes() == VIDEO
        asked = service.requests("DownloadVideo")
        assert [(one.name, one.read_offset) for one in asked] == [(FIRST, 0), (FIRST, CUT)]


def test_a_download_that_ends_politely_too_early_goes_on(caller: MakeCaller) -> None:
    with video_service(
        Call("DownloadVideo", _beginning()), Call("DownloadVideo", chunk(VIDEO[CUT:]))
    ) as service:
        assert caller(service.address).read(FIRST) == VIDEO


def test_a_download_that_never_gets_on_is_given_up(caller: MakeCaller, tmp_path: Path) -> None:
    script = [Call("DownloadVideo", _beginning())] + [Call("DownloadVideo", unavailable())] * 3
    with video_service(*script) as service, pytest.raises(ServerError, match="Socket closed"):
        caller(service.address).save(FIRST, tmp_path / "video.mp4")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (VIDEO[:-1] + b"!", {"size_bytes": len(VIDEO), "sha256": sha256()}),
        (VIDEO + b"!", {"size_bytes": len(VIDEO), "sha256": sha256()}),
        (VIDEO[:-1], {"sha256": sha256()}),
    ],
    ids=["a byte changed", "a byte too many", "a byte too few"],
)
def test_bytes_that_are_not_those_stored_are_refused_and_not_saved(
    caller: MakeCaller, tmp_path: Path, data: bytes, told: dict[str, object]
) -> None:
    there = tmp_path / "video.mp4"
    there.write_text("an older one")
    with video_service(Call("DownloadVideo", chunk(data, **told))) as service:
        with pytest.raises(VideoCorrupted) as caught:
            caller(service.address).save(FIRST, there)

        assert caught.value.status == "DATA_LOSS"
        assert [path.name for path in tmp_path.iterdir()] == ["video.mp4"]
        assert there.read_text() == "an older one"


def test_what_the_last_message_tells_of_the_video_is_verified_too(caller: MakeCaller) -> None:
    wrong = chunk(b"", size_bytes=len(VIDEO), sha256="0" * 64)
    with (
        video_service(Call("DownloadVideo", chunk(VIDEO), wrong)) as service,
        pytest.raises(VideoCorrupted, match="SHA-256 0000"),
    ):
        caller(service.address).read(FIRST)


def test_what_the_operation_told_of_the_video_is_verified_too() -> None:
    with (
        video_service(
            Call("WatchOperation", seen(succeeded())),
            Call("DownloadVideo", chunk(b"?" * len(VIDEO))),
        ) as service,
        Client(service.address) as client,
    ):
        video = client.operations.result(NAME).generated_videos[0].video

        assert (video.size_bytes, video.sha256) == (len(VIDEO), sha256())
        with pytest.raises(VideoCorrupted):
            _ = video.data


def test_a_video_that_is_gone_is_refused_at_once(caller: MakeCaller, tmp_path: Path) -> None:
    expired = status(code_pb2.FAILED_PRECONDITION, "It is gone.", error_info("VIDEO_EXPIRED"))
    with video_service(Call("DownloadVideo", expired)) as service:
        with pytest.raises(ClientError) as caught:
            caller(service.address).save(FIRST, tmp_path / "video.mp4")

        assert caught.value.reason == "VIDEO_EXPIRED"
        assert list(tmp_path.iterdir()) == []


def test_the_bytes_are_fetched_when_they_are_first_read_and_once() -> None:
    with (
        video_service(
            Call("GetOperation", succeeded()), Call("DownloadVideo", whole_video())
        ) as service,
        Client(service.address) as client,
    ):
        response = client.operations.get(NAME).response
        assert response is not None
        video = response.generated_videos[0].video
        assert service.requests("DownloadVideo") == []

        assert (video.data, video.data) == (VIDEO, VIDEO)
