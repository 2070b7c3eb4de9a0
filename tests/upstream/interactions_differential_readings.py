# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How Longtake's reading of an interaction comes out of the SDK's, change by change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.genai import interactions as sdk
from upstream.interactions_differential_answers import CODE_WORDS, ENDS, contents, outputs, video

if TYPE_CHECKING:
    from google.genai.interactions import Interaction

# What a failure is where the upstream names no error: its code and its message.
_FURTHER_STEP = "the upstream requires a further step, which video generation does not have"
_NOTHING = (
    "the upstream finished with neither a video nor a text; "
    "if config.output_gcs_uri was set, the video may be there"
)
BY_STATUS = {
    "failed": (2, "the upstream failed without a message"),
    "cancelled": (1, "the upstream cancelled the generation"),
    "incomplete": (10, "the upstream ended the generation before it was complete"),
    "budget_exceeded": (8, "the generation's budget at the upstream is used up"),
    "requires_action": (9, _FURTHER_STEP),
    "requires_continuation": (9, _FURTHER_STEP),
    "completed": (
        13,
        _NOTHING,
    ),
}


def doubt_later_statuses(told: Any, _answer: Interaction) -> None:
    if "ended" in told and told["ended"] not in ENDS:
        told.clear()
        told["unknown"] = True


def read_every_video(told: Any, answer: Interaction) -> None:
    if "videos" in told:
        last = told["videos"]
        every = [video(one) for one in contents(answer) if isinstance(one, sdk.VideoContent)]
        assert every[-1:] == last
        told["videos"] = every


def prefer_bytes(told: Any, _answer: Interaction) -> None:
    for one in told.get("videos", []):
        if one["hex"]:
            one["uri"] = None


def doubt_addresses(told: Any, _answer: Interaction) -> None:
    odd = (None, "https://example.com/v.mp4", "gs://b")
    if any(not one["hex"] and one["uri"] in odd for one in told.get("videos", [])):
        told.clear()
        told["unknown"] = True


def cut_addresses(told: Any, _answer: Interaction) -> None:
    for one in told.get("videos", []):
        if one["uri"]:
            one["uri"] = one["uri"].removesuffix(":download?alt=media&key=AIzaSecret")


def name_video_types(told: Any, _answer: Interaction) -> None:
    for one in told.get("videos", []):
        one["mime_type"] = one["mime_type"] or "video/mp4"


def keep_videos_only(told: Any, _answer: Interaction) -> None:
    if told.get("videos"):
        told.pop("said")
        told.pop("errors")


def read_every_error(told: Any, answer: Interaction) -> None:
    """Add the errors of the interaction's steps, and one of the interaction itself."""
    if "errors" not in told:
        return
    alone = (answer.model_extra or {}).get("error") or {}
    told["errors"].append({"code": alone.get("code"), "message": alone.get("message")})
    for error in (step.error for step in outputs(answer)):
        if error:
            told["errors"].append({"code": error.code, "message": error.message})
    told["errors"] = [one for one in told["errors"] if one != {"code": None, "message": None}]


def fail_without_output(told: Any, answer: Interaction) -> None:
    if told.get("videos") == [] and (told["errors"] or not outputs(answer)):
        errors = told["errors"]
        told.clear()
        told |= {"ended": "completed", "errors": errors}


def withhold(told: Any, answer: Interaction) -> None:
    if told.get("videos") == []:
        texts = [one.text for one in contents(answer) if isinstance(one, sdk.TextContent)]
        assert "".join(texts).endswith(told["said"])
        said = _on_one_line(" ".join(texts))
        told.clear()
        told |= {"withheld": 1, "reasons": [said] if said else []}


def fail_by_the_first_error(told: Any, _answer: Interaction) -> None:
    if told.get("errors"):
        first = told.pop("errors")[0]
        code = first["code"]
        known = CODE_WORDS.get(code) if isinstance(code, str) else code
        message = _on_one_line(first["message"] or "")
        told["failure"] = {"code": known if known in range(1, 17) else None, "message": message}


def fail_by_the_status(told: Any, _answer: Interaction) -> None:
    if "ended" in told:
        told.pop("errors", None)
        code, message = BY_STATUS[told.pop("ended")]
        said = told.setdefault("failure", {"code": None, "message": ""})
        told["failure"] = {"code": said["code"] or code, "message": said["message"] or message}


def _on_one_line(text: str) -> str:
    for secret in ("ya29.abc", "AIzaSecret"):
        text = text.replace(secret, "[removed]")
    return " ".join(text.split())
