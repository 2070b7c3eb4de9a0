# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the Omni models make of images, videos and earlier interactions."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import av
import numpy as np
import pytest
import pytest_asyncio
from PIL import Image
from processes.running import GUARD_SECONDS
from simulator.interaction_calls import FPS, SMALL, Caller, shape, video

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

TEXT = {"type": "text", "text": "make it blue"}
RESOLUTION = {"type": "video", "resolution": "360p"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upright(calls: Caller) -> dict[str, Any]:
    """A finished interaction with a video of three seconds, 360 by 640."""
    answer = await calls.create("a dog", response_format={**SMALL, "aspect_ratio": "9:16"})
    whole: dict[str, Any] = answer.json()
    return whole


def image(colour: str) -> dict[str, str]:
    file = io.BytesIO()
    Image.new("RGB", (64, 36), colour).save(file, "PNG")
    return {
        "type": "image",
        "mime_type": "image/png",
        "data": base64.b64encode(file.getvalue()).decode(),
    }


def given(data: bytes) -> dict[str, str]:
    encoded = base64.b64encode(data).decode()
    return {"type": "video", "mime_type": "video/mp4", "data": encoded}


def frames(data: bytes) -> list[NDArray[np.uint8]]:
    with av.open(io.BytesIO(data), "r") as container:
        return [
            np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
            for frame in container.decode(video=0)
        ]


def task(name: str) -> dict[str, Any]:
    return {"video_config": {"task": name}}


async def made(calls: Caller, *contents: object, **fields: Any) -> bytes:
    return video((await calls.create(list(contents), **fields)).json())


async def test_images_are_the_first_frame_and_the_last(calls: Caller) -> None:
    config = task("image_to_video")
    data = await made(calls, TEXT, image("red"), image("lime"), generation_config=config)
    first, *_, last = frames(data)
    assert np.allclose(first.mean((0, 1)), (255, 0, 0), atol=12)
    assert np.allclose(last.mean((0, 1)), (0, 255, 0), atol=12)


async def test_images_and_videos_are_references(calls: Caller, upright: dict[str, Any]) -> None:
    clip = given(video(upright))
    config = {"seed": 1, **task("reference_to_video")}
    data = await made(calls, TEXT, image("red"), clip, generation_config=config)
    without = await made(calls, TEXT, image("red"), generation_config=config)
    assert shape(data) == shape(without) == (640, 360, 3 * FPS)
    assert data != without


async def test_an_edited_video_keeps_its_length_and_shape(
    calls: Caller, upright: dict[str, Any]
) -> None:
    source = video(upright)
    data = await made(calls, TEXT, given(source), response_format=RESOLUTION)
    assert shape(data) == (360, 640, 3 * FPS)
    assert data != source


async def test_an_extended_video_is_longer(calls: Caller, upright: dict[str, Any]) -> None:
    wanted = {"type": "video", "duration": "3s"}
    source = given(video(upright))
    answer = await calls.create([source], response_format=wanted, generation_config=task("extend"))
    assert shape(video(answer.json())) == (360, 640, 6 * FPS)
    tokens = answer.json()["usage"]["output_tokens_by_modality"][0]["tokens"]
    assert tokens == 3 * 5792


async def test_an_upscaled_video_is_larger(calls: Caller, upright: dict[str, Any]) -> None:
    source = video(upright)
    wanted = {"type": "video", "resolution": "1080p"}
    config = task("upscale")
    data = await made(calls, given(source), response_format=wanted, generation_config=config)
    assert shape(data) == (1080, 1920, 3 * FPS)
    before, after = frames(source)[0], frames(data)[0]
    assert np.abs(after[::3, ::3].astype(int) - before).mean() < 6


async def test_the_video_of_an_earlier_interaction_is_the_source(
    calls: Caller, upright: dict[str, Any]
) -> None:
    previous = {"previous_interaction_id": upright["id"], "response_format": RESOLUTION}
    answer = await calls.create("make it blue", **previous)
    assert shape(video(answer.json())) == (360, 640, 3 * FPS)
    words = (await calls.create("x [sim:refuse]")).json()["id"]
    for name in (words, "0" * 32):
        refused = await calls.create("x", previous_interaction_id=name, response_format=RESOLUTION)
        assert refused.status_code == 400
        assert refused.json()["error"]["code"] == "invalid_request"


async def test_a_source_that_is_too_long_or_unreadable_fails(
    calls: Caller, upright: dict[str, Any]
) -> None:
    once = {"type": "video", "duration": "8s"}
    extend = task("extend")
    longer = await made(
        calls, given(video(upright)), response_format=once, generation_config=extend
    )
    too_long = await calls.create([TEXT, given(longer)], response_format=RESOLUTION)
    [error] = too_long.json()["errors"]
    assert error["code"] == "invalid_request"
    assert error["message"] == "Editing duration 11 exceeds maximum duration 10."
    unreadable = await calls.create([TEXT, given(b"x")], response_format=RESOLUTION)
    assert "video" in unreadable.json()["errors"][0]["message"]
    missing = {"type": "video", "uri": "gs://bucket/none.mp4"}
    absent = await calls.create([TEXT, missing], response_format=RESOLUTION)
    [error] = absent.json()["errors"]
    assert (error["code"], "input[1]" in error["message"]) == ("not_found", True)
