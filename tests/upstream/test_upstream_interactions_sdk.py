# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's own SDK is the witness of interactions: it knows each field, calls and reads alike."""

from __future__ import annotations

import base64
import json

import pytest
from fakes.inline import data_of, decoded_interaction
from fakes.interactions import INTERACTION, interactions
from fakes.platform import OPERATION
from fakes.scripted_http import json_reply, scripted_http
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import Image, ReferenceImage, Video
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Earlier
from longtake_server.upstream.answers import InlineVideo, Results
from longtake_server.upstream.interactions_wire import encode_submission
from upstream.captured_sdk import CapturedSdk, of_project
from upstream.request_bodies import value_of

MODEL = "gemini-omni-1.2-flash"
PNG = Image(data=b"\x89PNG\r\n\x1a\n")
STARTED: dict[str, object] = {"id": INTERACTION, "status": "in_progress", "object": "interaction"}
REQUESTS = {
    "text": GenerateVideosRequest(
        prompt="a wave",
        config=GenerateVideosConfig(
            aspect_ratio="9:16",
            duration_seconds=5,
            resolution="4k",
            seed=7,
            labels={"team": "ads"},
            output_gcs_uri="gs://b/p",
        ),
    ),
    "frames": GenerateVideosRequest(image=PNG, config=GenerateVideosConfig(last_frame=PNG)),
    "references": GenerateVideosRequest(
        prompt="it walks",
        config=GenerateVideosConfig(
            reference_images=[ReferenceImage(image=PNG, reference_type=ReferenceImage.ASSET)]
        ),
    ),
    "extend": GenerateVideosRequest(prompt="go on", video=Video(data=b"mp4")),
    "edit": GenerateVideosRequest(prompt="at night", previous_operation="operations/0192"),
}


def sdk(answer: dict[str, object]) -> CapturedSdk:
    """Return the SDK on the Agent Platform, which answers so."""
    captured = CapturedSdk(**of_project("global"))
    captured.answer = answer
    return captured


@pytest.mark.parametrize("videos", [(), (StoredVideo("gs://b/e.mp4"),)])
@pytest.mark.parametrize("task", REQUESTS)
def test_the_sdk_sends_our_body_unchanged(task: str, videos: tuple[StoredVideo, ...]) -> None:
    earlier = Earlier("v1_e", videos) if task == "edit" else None
    ours = value_of(encode_submission(MODEL, REQUESTS[task], "agent_platform", earlier))
    witness = sdk(STARTED)
    witness.client.interactions.create(**ours)
    assert json.loads(witness.last().body) == ours


async def test_the_sdk_makes_the_same_calls() -> None:
    witness = sdk(STARTED)
    theirs = []
    witness.client.interactions.create(model=MODEL, input="a wave")
    theirs.append(witness.last())
    witness.client.interactions.get(INTERACTION)
    theirs.append(witness.last())
    witness.client.interactions.cancel(INTERACTION)
    theirs.append(witness.last())
    reply = json_reply(200, STARTED)
    async with (
        scripted_http(reply, reply, reply) as google,
        interactions(google.url, "agent_platform") as upstream,
    ):
        await upstream.submit(OPERATION, MODEL, GenerateVideosRequest(prompt="a wave"))
        await upstream.poll(OPERATION, INTERACTION)
        await upstream.cancel(INTERACTION)
    ours = [(one.method, f"https://aiplatform.googleapis.com{one.path}") for one in google.requests]
    # The SDK says that it wants no stream, which is the default.
    assert ours == [(one.method, one.url.removesuffix("?stream=false")) for one in theirs]


@pytest.mark.parametrize(
    "video", [{"data": base64.b64encode(b"mp4").decode()}, {"uri": "gs://b/1"}]
)
def test_the_sdk_reads_the_same_result(video: dict[str, str]) -> None:
    content = {"type": "video", "mime_type": "video/mp4", **video}
    answer: dict[str, object] = {
        "id": INTERACTION,
        "status": "completed",
        "steps": [
            {"type": "user_input", "content": [{"type": "text", "text": "a wave"}]},
            {"type": "thought", "summary": [{"type": "text", "text": "hm"}]},
            {"type": "model_output", "content": [{"type": "text", "text": "Here."}, content]},
        ],
    }
    theirs = sdk(answer).client.interactions.get(INTERACTION).output_video
    assert theirs is not None
    ours = decoded_interaction(json.dumps(answer).encode(), "interactions")
    assert isinstance(ours, Results)
    (one,) = ours.videos
    assert one.mime_type == theirs.mime_type
    if isinstance(one, InlineVideo):
        assert base64.b64encode(data_of(one.media)).decode() == theirs.data
    else:
        assert one.location == theirs.uri
