# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers with inline videos, from a socket to a folder: all of them is stored, or nothing."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import resource
from typing import TYPE_CHECKING

import pytest
from fakes.inline import MemorySink
from fakes.interactions import interactions
from fakes.platform import OPERATION, UPSTREAM_OPERATION, agent_platform
from fakes.scripted_http import Reply, json_reply, scripted_http
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import StorageUnavailable
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.media.uploads import FileUpload
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Broken, Finished, NotNow, OutcomeUnknown

if TYPE_CHECKING:
    from pathlib import Path

    from longtake_server.operations.upstream import PollResult

MEBIBYTE = 1 << 20
VIDEOS = [bytes(range(256)) * (3 * 4096) + b"one", b"two", bytes(range(255, -1, -1)) * 9000]
STORED = tuple(
    StoredVideo(
        location=f"{OPERATION}/videos/{index}.mp4",
        mime_type="video/mp4",
        size_bytes=len(video),
        sha256=hashlib.sha256(video).hexdigest(),
    )
    for index, video in enumerate(VIDEOS)
)
ENCODED = [base64.b64encode(video).decode() for video in VIDEOS]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def media(folder: Path) -> ObjectMediaStore:
    return ObjectMediaStore.open(folder)


def files(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def done(encoded: list[str]) -> dict[str, object]:
    videos = [{"bytesBase64Encoded": one, "mimeType": "video/mp4"} for one in encoded]
    return {"name": UPSTREAM_OPERATION, "done": True, "response": {"videos": videos}}


async def polled(
    media: ObjectMediaStore,
    reply: Reply,
    max_body_bytes: int = MEBIBYTE,
    max_answer_bytes: int = 64 * MEBIBYTE,
) -> PollResult:
    async with (
        scripted_http(reply) as google,
        agent_platform(
            google.url,
            sink=media,
            max_body_bytes=max_body_bytes,
            max_answer_bytes=max_answer_bytes,
        ) as platform,
    ):
        return await platform.poll(OPERATION, UPSTREAM_OPERATION)


async def test_the_videos_of_an_answer_are_files_with_their_size_and_digest(
    media: ObjectMediaStore, folder: Path
) -> None:
    assert await polled(media, json_reply(200, done(ENCODED))) == Finished(STORED)
    assert [(folder / video.location).read_bytes() for video in STORED] == VIDEOS
    assert files(folder) == [video.location for video in STORED]


async def test_the_members_may_come_in_any_order(media: ObjectMediaStore, folder: Path) -> None:
    text = json.dumps(
        {
            "response": {
                "videos": [
                    {"mimeType": "video/mp4", "bytesBase64Encoded": ENCODED[0]},
                    {"gcsUri": "gs://bucket/1.mp4"},
                    {"bytesBase64Encoded": ENCODED[2], "mimeType": "video/webm"},
                ]
            },
            "done": True,
        },
        indent=4,
    )
    result = await polled(media, Reply(200, text.encode()))
    assert isinstance(result, Finished)
    assert [video.location for video in result.videos] == [
        STORED[0].location,
        "gs://bucket/1.mp4",
        STORED[2].location,
    ]
    assert result.videos[2].mime_type == "video/webm"
    assert files(folder) == [STORED[0].location, STORED[2].location]


async def test_escapes_of_whole_videos_are_undone(media: ObjectMediaStore) -> None:
    text = json.dumps(done(ENCODED)).replace("/", "\\/").replace("+", "\\u002B")
    text = text.replace("=", "\\u003d").replace("publishers\\/", "publishers/")
    assert await polled(media, Reply(200, text.encode())) == Finished(STORED)


ANSWER = json.dumps(done(ENCODED)).encode()


@pytest.mark.parametrize(
    "cut",
    [
        10,
        ANSWER.index(b"AAEC"),
        ANSWER.index(b"AAEC") + 2 * MEBIBYTE,
        ANSWER.index(b"dHdv") - 3,
        ANSWER.index(b"dHdv") + 2,
        len(ANSWER) - 5000,
        len(ANSWER) - 1,
    ],
)
async def test_an_answer_that_is_cut_leaves_nothing_and_the_next_poll_stores_all(
    media: ObjectMediaStore, folder: Path, cut: int
) -> None:
    async with (
        scripted_http(Reply(200, ANSWER, cut=cut), Reply(200, ANSWER)) as google,
        agent_platform(google.url, sink=media) as platform,
    ):
        with pytest.raises(NotNow):
            await platform.poll(OPERATION, UPSTREAM_OPERATION)
        assert files(folder) == []
        assert await platform.poll(OPERATION, UPSTREAM_OPERATION) == Finished(STORED)
    assert files(folder) == [video.location for video in STORED]


async def test_a_poll_that_is_repeated_replaces_the_videos(
    media: ObjectMediaStore, folder: Path
) -> None:
    for _ in range(2):
        assert await polled(media, Reply(200, ANSWER)) == Finished(STORED)
        assert files(folder) == [video.location for video in STORED]


async def test_two_servers_that_poll_at_once_leave_one_set_of_whole_videos(
    media: ObjectMediaStore, folder: Path
) -> None:
    other = ObjectMediaStore.open(folder)
    results = await asyncio.gather(
        *(polled(store, Reply(200, ANSWER)) for store in (media, other) for _ in range(3))
    )
    assert results == [Finished(STORED)] * 6
    assert [(folder / video.location).read_bytes() for video in STORED] == VIDEOS
    assert files(folder) == [video.location for video in STORED]


@pytest.mark.parametrize("wrong", ["!", "==", "\\n\\u00e9", "=AAA"])
async def test_a_video_that_stops_being_base64_leaves_nothing(
    media: ObjectMediaStore, folder: Path, wrong: str
) -> None:
    middle = len(ENCODED[0]) // 2
    encoded = [ENCODED[1], ENCODED[0][:middle] + "WRONG" + ENCODED[0][middle:]]
    text = json.dumps(done(encoded)).replace("WRONG", wrong)
    with pytest.raises(OutcomeUnknown, match="not base64"):
        await polled(media, Reply(200, text.encode()))
    assert files(folder) == []


@pytest.mark.parametrize("limits", [{"max_answer_bytes": 4 * MEBIBYTE}, {"max_body_bytes": 100}])
async def test_an_answer_beyond_a_limit_ends_the_generation_and_leaves_nothing(
    media: ObjectMediaStore, folder: Path, limits: dict[str, int]
) -> None:
    result = await polled(media, Reply(200, ANSWER), **limits)
    assert isinstance(result, Broken)
    assert result.failure.reason == "RESULT_NOT_STORED"
    assert files(folder) == []


async def test_an_answer_with_hundreds_of_videos_is_not_understood(
    media: ObjectMediaStore, folder: Path
) -> None:
    with pytest.raises(OutcomeUnknown, match="more than 256 media"):
        await polled(media, json_reply(200, done([ENCODED[1]] * 257)))
    assert files(folder) == []


async def test_without_room_a_poll_fails_and_leaves_nothing(
    media: ObjectMediaStore, folder: Path
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MEBIBYTE, hard))
    try:
        with pytest.raises(StorageUnavailable, match="File too large"):
            await polled(media, Reply(200, ANSWER))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert files(folder) == []


async def test_a_poll_that_is_cancelled_in_the_middle_of_a_video_leaves_nothing(
    media: ObjectMediaStore, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, loop = asyncio.Event(), asyncio.get_running_loop()
    write = FileUpload.write

    def noted(upload: FileUpload, data: bytes | bytearray) -> None:
        write(upload, data)
        loop.call_soon_threadsafe(written.set)

    monkeypatch.setattr(FileUpload, "write", noted)
    whole = {"content-length": str(len(ANSWER))}
    half = Reply(200, ANSWER[: 3 * MEBIBYTE], whole)
    async with (
        scripted_http(half) as google,
        agent_platform(google.url, sink=media) as platform,
    ):
        poll = asyncio.create_task(platform.poll(OPERATION, UPSTREAM_OPERATION))
        await written.wait()
        assert [name.rpartition(".")[2] for name in files(folder)] == ["part"]
        poll.cancel()
        with pytest.raises(asyncio.CancelledError):
            await poll
    assert files(folder) == []


def interaction(video: str, asked: str) -> dict[str, object]:
    return {
        "id": "v1_x",
        "status": "completed",
        "steps": [
            {"type": "user_input", "content": [{"type": "image", "data": asked}]},
            {"type": "model_output", "content": [{"type": "video", "data": video}]},
        ],
    }


@pytest.mark.parametrize("asked", ["not base64", ENCODED[2]])
async def test_only_the_media_that_are_results_are_kept(
    media: ObjectMediaStore, folder: Path, asked: str
) -> None:
    reply = json_reply(200, interaction(ENCODED[0], asked))
    async with (
        scripted_http(reply) as google,
        interactions(google.url, "agent_platform", sink=media) as upstream,
    ):
        assert await upstream.poll(OPERATION, "v1_x") == Finished(STORED[:1])
    assert files(folder) == [STORED[0].location]


async def test_a_submission_whose_answer_repeats_large_media_is_accepted() -> None:
    sink = MemorySink()
    reply = json_reply(200, interaction(ENCODED[0], ENCODED[0]))
    request = GenerateVideosRequest(model="gemini-omni-flash-preview", prompt="a wave")
    async with (
        scripted_http(reply) as google,
        interactions(google.url, "agent_platform", sink=sink, max_body_bytes=1000) as upstream,
    ):
        assert await upstream.submit(OPERATION, request.model, request) == "v1_x"
    assert not sink.stored
    assert not sink.removed
