# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Interactions as Google's JSON, and what each side makes of them, in one form."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from fakes.inline import data_of, decoded_interaction
from google.genai import interactions as sdk
from hypothesis import strategies as some
from longtake_server.operations.upstream import Broken, OutcomeUnknown, Running
from longtake_server.upstream.answers import InlineVideo, Results

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INTERACTION = "v1_Chd0ZXN0LWlkXzE="
FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc-123"
RUNNING = ("queued", "in_progress")
ENDS = (
    *("failed", "cancelled", "incomplete", "budget_exceeded"),
    *("requires_action", "requires_continuation"),
)
_WORDS = some.sampled_from(
    ["I cannot show this.", "Sorry,\nno.", " ", "", "the token ya29.abc was refused"]
)
_MIME = some.sampled_from(["video/mp4", "video/quicktime"])
_DATA = some.binary(min_size=1, max_size=40).map(base64.b64encode).map(bytes.decode)
_URI = some.sampled_from(
    ["gs://b/20261124/1 2.mp4", FILE, f"{FILE}:download?alt=media&key=AIzaSecret"]
)
_ODD_URI = some.sampled_from(["https://example.com/v.mp4", "gs://b"])
_VIDEO_KIND = {"type": some.just("video")}
_TYPED = {"mime_type": _MIME}
_INLINE = some.fixed_dictionaries({**_VIDEO_KIND, "data": _DATA}, optional=_TYPED)
_AT_ADDRESS = some.fixed_dictionaries({**_VIDEO_KIND, "uri": _URI}, optional=_TYPED)
_BOTH = some.fixed_dictionaries({**_VIDEO_KIND, "data": _DATA, "uri": _URI})
_NEITHER = some.fixed_dictionaries(_VIDEO_KIND, optional={**_TYPED, "uri": _ODD_URI})
_GOOD_VIDEO = _INLINE | _AT_ADDRESS | _BOTH
_TEXT = some.fixed_dictionaries({"type": some.just("text"), "text": _WORDS})
_IMAGE = some.just({"type": "image", "mime_type": "image/png", "data": "iVBORw=="})
_OF_LATER_VERSIONS = some.just({"type": "hologram", "data": "aG9sbw=="})
_MESSAGES = some.sampled_from(["bad", "of two\nlines", "the key AIzaSecret was refused", ""])
CODE_WORDS = {
    "invalid_request": 3,
    "too_many_requests": 8,
    "resource_exhausted": 8,
    "permission_denied": 7,
    "UNAVAILABLE": 14,
    "a_new_word": None,
}
_ERROR = some.fixed_dictionaries(
    {}, optional={"code": some.sampled_from(list(CODE_WORDS)), "message": _MESSAGES}
)
_STATUS = some.fixed_dictionaries(
    {},
    optional={"code": some.sampled_from([3, 8, 13, 16, 0, 99]), "message": _MESSAGES},
)
_CONTENTS = some.one_of(
    some.lists(_TEXT | _IMAGE, max_size=3),
    some.lists(_GOOD_VIDEO, min_size=1, max_size=2),
    some.lists(_TEXT | _GOOD_VIDEO | _OF_LATER_VERSIONS | _NEITHER, max_size=3),
)
_OUTPUT = some.fixed_dictionaries(
    {"type": some.just("model_output"), "content": _CONTENTS}
) | some.fixed_dictionaries({"type": some.just("model_output")}, optional={"error": _STATUS})
_ASKED = some.just({"type": "user_input", "content": [{"type": "text", "text": "a wave"}]})
_THOUGHT = some.just({"type": "thought", "summary": [{"type": "text", "text": "hm"}]})
_OTHER = _THOUGHT | some.just({"type": "of_later_versions"})
_STEPS = some.builds(
    lambda *parts: [step for part in parts for step in part],
    some.lists(_ASKED, max_size=1),
    some.lists(_OUTPUT, max_size=1),
    some.lists(_ASKED, max_size=1),
    some.lists(_OTHER, max_size=2),
    some.lists(_OUTPUT, max_size=2),
)
_COMMON = {"id": some.just(INTERACTION), "object": some.just("interaction")}
_OPTIONAL = {
    "model": some.just("gemini-omni-1.2-flash"),
    "created": some.just("2026-11-24T10:00:00Z"),
    "usage": some.just({"total_tokens": 28832}),
    "errors": some.lists(_ERROR, max_size=2),
    "error": _STATUS,
}
_ANY_STATUS = some.sampled_from([*RUNNING, *ENDS, "completed", "of_later_versions"])
ANSWERS = some.fixed_dictionaries(
    {**_COMMON, "status": _ANY_STATUS}, optional={**_OPTIONAL, "steps": _STEPS}
) | some.fixed_dictionaries(
    {**_COMMON, "status": some.just("completed"), "steps": _STEPS}, optional=_OPTIONAL
)


def outputs(interaction: sdk.Interaction) -> Sequence[sdk.ModelOutputStep]:
    """Return the steps of the model since the last of the caller, as the SDK parsed them."""
    since: list[sdk.ModelOutputStep] = []
    for step in interaction.steps or []:
        if isinstance(step, sdk.UserInputStep):
            since.clear()
        elif isinstance(step, sdk.ModelOutputStep):
            since.append(step)
    return since


def contents(interaction: sdk.Interaction) -> Iterator[sdk.Content]:
    """Yield what these steps bring."""
    for step in outputs(interaction):
        yield from step.content or []


def video(one: sdk.VideoContent) -> dict[str, Any]:
    """Return a video as the SDK's user has it."""
    data = None if one.data is None else base64.b64decode(one.data, validate=True).hex()
    return {"hex": data, "uri": one.uri, "mime_type": one.mime_type}


def sdk_reads(interaction: sdk.Interaction) -> dict[str, Any]:
    """Return what the SDK's user is told by an interaction."""
    if interaction.status in RUNNING:
        return {"running": True}
    errors = [{"code": one.code, "message": one.message} for one in interaction.errors or []]
    if interaction.status != "completed":
        return {"ended": interaction.status, "errors": errors}
    result = interaction.output_video
    said = interaction.output_text
    return {"videos": [video(result)] if result else [], "said": said, "errors": errors}


def longtake_reads(body: bytes) -> dict[str, Any]:
    """Return what Longtake reads out of the same answer."""
    try:
        result = decoded_interaction(body, "google")
    except OutcomeUnknown:
        return {"unknown": True}
    if isinstance(result, Running):
        return {"running": True}
    if isinstance(result, Broken):
        failure = result.failure
        return {"failure": {"code": failure.code.value, "message": failure.message}}
    return _longtake_results(result)


def _longtake_results(results: Results) -> dict[str, Any]:
    if not results.videos:
        return {"withheld": results.filtered_count, "reasons": list(results.filtered_reasons)}
    assert not results.filtered_count
    videos = [
        {
            "hex": data_of(one.media).hex() if isinstance(one, InlineVideo) else None,
            "uri": None if isinstance(one, InlineVideo) else one.location,
            "mime_type": one.mime_type,
        }
        for one in results.videos
    ]
    return {"videos": videos}
