# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns the body that creates an interaction into a request of the contract. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from longtake.v1.media_pb2 import ReferenceImage
from longtake.v1.video_service_pb2 import GenerateVideosRequest

from longtake_server.errors import OperationNotFound
from longtake_server.http.bodies import Members, refuse_all
from longtake_server.http.google_wire.interactions_ids import Delivery, parse_interaction
from longtake_server.http.google_wire.interactions_inputs import NO_EFFECT, read_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.v1.generation_pb2 import GenerateVideosConfig

    from longtake_server.errors import Violation
    from longtake_server.http.google_wire.interactions_inputs import Said

_DURATION = re.compile(r"(\d{1,9})(?:\.0{1,9})?s", re.ASCII)
_LARGEST_SEED = (1 << 32) - 1
_TEXT, _IMAGE, _REFERENCE, _EDIT, _EXTEND = range(5)
_TASKS = {
    "text_to_video": _TEXT,
    "image_to_video": _IMAGE,
    "reference_to_video": _REFERENCE,
    "edit": _EDIT,
    "extend": _EXTEND,
}
_NAMES = {number: name for name, number in _TASKS.items()}
# How many a task takes.
_IMAGES = {
    _TEXT: range(1),
    _IMAGE: range(1, 3),
    _REFERENCE: range(1, 11),
    _EDIT: range(1),
    _EXTEND: range(1),
}
_VIDEOS = {_TEXT: range(1), _IMAGE: range(1), _REFERENCE: range(1), _EXTEND: range(1, 2)}
_REFUSED: Mapping[str, str] = {
    "agent": "agents are not served here; accepted is model",
    "agent_config": "agents are not served here; accepted is model",
    "cached_content": NO_EFFECT,
    "continuation_token": NO_EFFECT,
    "environment": NO_EFFECT,
    "safety_settings": "the upstream's own filter applies; leave it out",
    "system_instruction": "say it in the input",
    "tools": NO_EFFECT,
    "webhook_config": "stream the interaction, or ask for it by its id",
}
_REFUSED_GENERATION = (
    *("image_config", "max_output_tokens", "speech_config", "stop_sequences", "temperature"),
    *("thinking_level", "thinking_summaries", "tool_choice", "top_p", "transcription_config"),
)


@dataclass(slots=True)
class InteractionOrder:
    """What a body asks for.

    Attributes:
        request: The request, to be validated by the use cases.
        delivery: How the video is to be handed over.
        background: Whether to answer at once.
        stream: Whether to answer with events.
        places: The paths of members in the body by those of the request's fields, where they
            depend on the input.
    """

    request: GenerateVideosRequest
    delivery: Delivery = Delivery.BY_SETTING
    background: bool = False
    stream: bool = False
    places: dict[str, str] = field(default_factory=dict)


def read_order(body: dict[str, Any], request_id: str = "") -> InteractionOrder:
    """Return what a body asks for. Slow for large media: call it in a thread.

    Args:
        body: The JSON.
        request_id: The request's request_id.

    Raises:
        InvalidRequest: Members are unknown, or have wrong values. Holds all violations.

    """
    violations: list[Violation] = []
    top = Members(body, "", violations)
    request = GenerateVideosRequest(model=top.text("model") or "", request_id=request_id)
    order = InteractionOrder(request)
    config = request.config
    order.stream = top.flag("stream") or False
    order.background = top.flag("background") or False
    _previous(top, order.request)
    order.delivery = _response_format(top, config)
    task = _generation_config(top, config)
    config.labels.update(top.texts("labels"))
    _rest(top)
    said = read_input(top)
    order.request.prompt = "\n".join(said.texts)
    top.finish()
    refuse_all(violations)
    if task is None:
        task = _inferred(order.request, said)
    _place_media(top, order, task, said)
    refuse_all(violations)
    return order


def _previous(top: Members, request: GenerateVideosRequest) -> None:
    text = top.text("previous_interaction_id")
    if text is None:
        return
    try:
        request.previous_operation = parse_interaction(text).operation
    except OperationNotFound:
        top.wrong("previous_interaction_id", "accepted is the id of an interaction")


def _response_format(top: Members, config: GenerateVideosConfig) -> Delivery:
    form = _format_members(top)
    if form is None:
        return Delivery.BY_SETTING
    kind = form.text("type")
    if kind != "video":
        form.wrong("type", "accepted is video" if kind else "it is required; accepted is video")
    for name in ("aspect_ratio", "resolution"):
        if (text := form.text(name)) is not None:
            setattr(config, name, text)
    _duration(form, config)
    bucket = form.text("gcs_uri")
    uri = form.choice("delivery", {"inline": 0, "uri": 1})
    if bucket is not None:
        config.output_gcs_uri = bucket
        if uri == 0:
            form.wrong("gcs_uri", "it needs delivery uri")
    form.finish()
    # A video in the caller's bucket is handed over by its address there, whatever the id says.
    if uri is None or bucket is not None:
        return Delivery.BY_SETTING
    return Delivery.URI if uri else Delivery.INLINE


def _format_members(top: Members) -> Members | None:
    value, path = top.take("response_format"), "response_format"
    if isinstance(value, list):
        if len(value) != 1:
            top.wrong(path, "accepted is one format, or a list of one")
            return None
        value, path = value[0], f"{path}[0]"
    elif value is None:
        return None
    form = Members(value, path, top.violations)
    return form if isinstance(value, dict) else None


def _duration(form: Members, config: GenerateVideosConfig) -> None:
    text = form.text("duration")
    if text is None:
        return
    if match := _DURATION.fullmatch(text):
        config.duration_seconds = int(match[1])
    else:
        form.wrong("duration", 'accepted are whole seconds with their unit, for example "5s"')


def _generation_config(top: Members, config: GenerateVideosConfig) -> int | None:
    """Read the seed, and return the task if it is there."""
    generation = top.object("generation_config")
    if generation is None:
        return None
    seed = generation.number("seed", 0, _LARGEST_SEED)
    if seed is not None:
        config.seed = seed
    video = generation.object("video_config")
    task = None
    if video is not None:
        task = video.choice("task", _TASKS)
        video.finish()
    for name in _REFUSED_GENERATION:
        _refuse(generation, name, NO_EFFECT)
    generation.finish()
    return task


def _rest(top: Members) -> None:
    """Read the members that have one accepted value, or none."""
    if top.flag("store") is False:
        top.wrong("store", "accepted is true; delete the interaction when you have the video")
    top.choice("service_tier", {"standard": 0})
    top.choice("response_mime_type", {"video/mp4": 0})
    modalities = top.take("response_modalities")
    if modalities not in (None, [], ["video"], ["VIDEO"]):
        top.wrong("response_modalities", "accepted is a list of video alone")
    for name, instead in _REFUSED.items():
        _refuse(top, name, instead)


def _refuse(members: Members, name: str, instead: str) -> None:
    if members.take(name) not in (None, [], {}):
        members.wrong(name, instead)


def _inferred(request: GenerateVideosRequest, said: Said) -> int:
    """Return the task that Google infers for an input without one."""
    if said.videos or request.previous_operation:
        return _EDIT
    if not said.images:
        return _TEXT
    several = len(said.images) > 1 and "<FIRST_FRAME>" not in request.prompt
    return _REFERENCE if several or "<IMAGE_REF" in request.prompt else _IMAGE


def _place_media(top: Members, order: InteractionOrder, task: int, said: Said) -> None:
    """Set the fields of the media by the task, and note where they are in the body."""
    request = order.request
    _check_source(top, request, task, said)
    _check_count(top, "images", len(said.images), _IMAGES[task], task)
    if task != _EDIT:
        _check_count(top, "videos", len(said.videos), _VIDEOS[task], task)
    if top.violations:
        return
    for video in said.videos:
        request.video.CopyFrom(video.medium)
        order.places["video"] = video.path
    for index, image in enumerate(said.images):
        if task == _REFERENCE:
            request.config.reference_images.add(
                image=image.medium, reference_type=ReferenceImage.ASSET
            )
            order.places[f"config.reference_images[{index}]"] = image.path
        elif index == 0:
            request.image.CopyFrom(image.medium)
            order.places["image"] = image.path
        else:
            request.config.last_frame.CopyFrom(image.medium)
            order.places["config.last_frame"] = image.path


def _check_source(top: Members, request: GenerateVideosRequest, task: int, said: Said) -> None:
    """Refuse what a task cannot start from."""
    name = "previous_interaction_id"
    if task != _EDIT:
        if request.previous_operation:
            top.wrong(name, f"task {_NAMES[task]} does not take it; accepted is task edit")
    elif said.videos:
        top.wrong(
            said.videos[0].path,
            "a video of your own cannot be edited here; accepted is previous_interaction_id, or "
            "task extend in generation_config.video_config",
        )
    elif not request.previous_operation:
        top.wrong(name, "it is required for task edit")


def _check_count(top: Members, kind: str, count: int, accepted: range, task: int) -> None:
    if count not in accepted:
        least, most = accepted[0], accepted[-1]
        numbers = str(most) if least == most else f"{least} to {most}"
        top.wrong("input", f"{count} {kind}; task {_NAMES[task]} takes {numbers}")
