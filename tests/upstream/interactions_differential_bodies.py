# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How Longtake's body and address of an interaction come out of the SDK's, change by change."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from upstream.interactions_differential_cases import Case


def store(body: Any, _case: Case) -> None:
    body["store"] = True


def stand_in_a_step(body: Any, _case: Case) -> None:
    contents = body["input"]
    if isinstance(contents, list) and contents[0]["type"] != "user_input":
        body["input"] = [{"type": "user_input", "content": contents}]


def leave_out_an_empty_prompt(body: Any, _case: Case) -> None:
    if isinstance(body["input"], list):
        (step,) = body["input"]
        step["content"] = [one for one in step["content"] if one.get("text") != ""]


def name_the_frames(body: Any, case: Case) -> None:
    if "last_frame" not in case.media or "<LAST_FRAME>" in (case.prompt or ""):
        return
    content = body["input"][0]["content"]
    said = content.pop()["text"] if content[-1]["type"] == "text" else ""
    tagged = f"<FIRST_FRAME> <LAST_FRAME> {said}".strip()
    content.append({"type": "text", "text": tagged})


def tell_image_types(body: Any, _case: Case) -> None:
    starts = {"iVBORw0KGg": "image/png", "/9j/": "image/jpeg", "UklGRjEyMzRXRUJQ": "image/webp"}
    for image in _contents(body, "image"):
        for start, mime_type in starts.items():
            if image.get("data", "").startswith(start):
                image.setdefault("mime_type", mime_type)


def tell_video_type(body: Any, _case: Case) -> None:
    for video in _contents(body, "video"):
        if "data" in video:
            assert base64.b64decode(video["data"], validate=True)
            video.setdefault("mime_type", "video/mp4")


def send_the_earlier_video_again(body: Any, case: Case) -> None:
    again = [
        {"type": "video", "uri": one.location, "mime_type": one.mime_type}
        for one in case.earlier
        if one.location.startswith("gs://")
    ]
    if again:
        del body["previous_interaction_id"]
        text = {"type": "text", "text": case.prompt}
        body["input"] = [{"type": "user_input", "content": [*again, text]}]


def say_a_prompt_alone(body: Any, _case: Case) -> None:
    if isinstance(body["input"], list):
        content = body["input"][0]["content"]
        if [one["type"] for one in content] == ["text"]:
            body["input"] = content[0]["text"]


def name_the_task(body: Any, case: Case) -> None:
    generation = body.setdefault("generation_config", {})
    generation.setdefault("video_config", {"task": case.task})


def ask_for_a_video(body: Any, _case: Case) -> None:
    body.setdefault("response_format", {"type": "video"})


def deliver(way: str) -> Any:
    def change(body: Any, _case: Case) -> None:
        body["response_format"].setdefault("delivery", way)

    return change


def leave_out_empty_labels(body: Any, _case: Case) -> None:
    if body.get("labels") == {}:
        del body["labels"]


def ask_for_no_stream(call: Any, _case: object) -> None:
    call["url"] = call["url"].removesuffix("?stream=false")


def beta_version(call: Any, _case: object) -> None:
    call["url"] = call["url"].replace("/v1/", "/v1beta/")


def _contents(body: Any, kind: str) -> list[Any]:
    if isinstance(body["input"], str):
        return []
    return [one for one in body["input"][0]["content"] if one["type"] == kind]
