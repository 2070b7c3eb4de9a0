# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the body of an interaction against the model and the task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from veo_simulator import directives, inputs
from veo_simulator.errors import GoogleError, Violation, invalid
from veo_simulator.fields import Fields
from veo_simulator.interaction_inputs import read_input
from veo_simulator.interaction_tasks import check_media, inferred_task
from veo_simulator.omni_models import (
    DEFAULT_SECONDS,
    DEVELOPER,
    EDIT,
    EXTEND,
    EXTENSION,
    FIELDS,
    OMNI_MODELS,
    REFERENCE,
    SHORTEST_SECONDS,
    TEXT,
    UPSCALE,
    UPSCALED,
)

if TYPE_CHECKING:
    from veo_simulator.inputs import Media
    from veo_simulator.omni_models import OmniRules

_DURATION = re.compile(r"(\d{1,9})(?:\.0{1,9})?s", re.ASCII)
_TIERS = ("flex", "standard", "priority", "deferred")
# Accepted, without effect.
_IGNORED = (
    *("webhook_config", "safety_settings", "tools", "continuation_token", "environment"),
    *("cached_content", "response_mime_type", "response_modalities"),
)
_IGNORED_GENERATION = (
    *("thinking_level", "thinking_summaries", "max_output_tokens", "tool_choice"),
    *("image_config", "speech_config", "transcription_config"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InteractionOrder:
    """A checked request for a video.

    Attributes:
        host: PLATFORM or DEVELOPER.
        prompt: As it was given, with its directives.
        task: One of omni_models, inferred where it was not given.
        seconds: How much new material.
        images: The first frame and the last, or references.
        clips: Videos as references.
        source: What is edited, extended or upscaled, None if the previous interaction's is.
        previous: The id of that interaction, or ''.
        by_uri: Whether an address is wanted in place of the bytes.
        folder: Where to store the video, a bucket and a prefix; None where it was not given.
        store: Whether the interaction can be asked for later.
    """

    model: str
    host: str
    prompt: str
    directives: directives.Directives
    task: str
    seconds: int
    resolution: str
    aspect_ratio: str
    seed: int | None
    images: tuple[Media, ...]
    clips: tuple[Media, ...]
    source: Media | None
    previous: str
    by_uri: bool
    folder: tuple[str, str] | None
    background: bool
    stream: bool
    store: bool


def read_interaction_order(host: str, body: dict[str, Any]) -> InteractionOrder:
    """Return the order in a body. Decodes base64: call it off the event loop.

    Raises:
        GoogleError: The model is unknown, or fields are wrong.

    """
    violations: list[Violation] = []
    top = Fields(body, "", violations)
    model = top.text("model") or ""
    rules = OMNI_MODELS.get(model)
    if rules is None or host not in rules.hosts:
        served = [name for name, one in OMNI_MODELS.items() if host in one.hosts]
        message = f"model: {model!r} is not served here; accepted are {', '.join(served)}"
        raise GoogleError("NOT_FOUND", message)
    reader = _Reader(host, rules, top)
    values = reader.values()
    if violations:
        raise invalid(*violations)
    chosen = directives.parse(values["prompt"], "input")
    return InteractionOrder(model=model, host=host, directives=chosen, **values)


class _Reader:
    """Reads the parts of a body."""

    def __init__(self, host: str, rules: OmniRules, top: Fields) -> None:
        self._host = host
        self._rules = rules
        self._top = top

    def values(self) -> dict[str, Any]:
        top = self._top
        said = read_input(top.raw("input"), self._host, top.violations)
        previous = self._previous()
        config = top.object("generation_config") or self._empty("generation_config")
        prompt = "\n".join(said.texts)
        task = self._task(config) or inferred_task(prompt, said, previous)
        values = {
            **self._flags(),
            **self._format(task),
            **check_media(top, self._rules, task, said, previous),
            "prompt": prompt,
            "task": task,
            "previous": previous,
            "seed": config.number("seed", range(1 << 32)),
        }
        if not prompt.strip() and task in (TEXT, REFERENCE, EDIT):
            top.wrong("input", f"a text is required for {task}")
        self._rest(config)
        return values

    def _previous(self) -> str:
        previous = self._top.text("previous_interaction_id") or ""
        if previous and self._host != DEVELOPER and not self._rules.continues:
            message = "this model does not take it here; send the video again"
            self._top.wrong("previous_interaction_id", message)
        return previous

    def _task(self, config: Fields) -> str | None:
        video = config.object("video_config") or self._empty("generation_config.video_config")
        task = video.choice("task", self._rules.tasks)
        video.finish()
        return task

    def _flags(self) -> dict[str, bool]:
        names = ("background", "stream", "store")
        given = {name: self._top.flag(name) for name in names}
        if given["store"] is False and given["background"]:
            self._top.wrong("background", "it needs store")
        return {**{name: bool(given[name]) for name in names}, "store": given["store"] is not False}

    def _format(self, task: str) -> dict[str, Any]:
        given = self._response_format()
        if given.choice("type", ("video",)) is None:
            given.wrong("type", "it is required; accepted is video")
        for field in sorted(FIELDS[TEXT] - FIELDS[task]):
            given.refuse(field, f"task {task} does not take it")
        upscales = task == UPSCALE
        resolution = given.choice("resolution", UPSCALED if upscales else self._rules.resolutions)
        by_uri = given.choice("delivery", ("inline", "uri")) == "uri"
        if self._host == DEVELOPER:
            given.refuse("gcs_uri", "the Developer API has no buckets")
        longest = EXTENSION if task == EXTEND else range(SHORTEST_SECONDS, self._rules.longest + 1)
        values = {
            "seconds": _seconds(given, longest),
            "resolution": resolution or (UPSCALED[0] if upscales else "720p"),
            "aspect_ratio": given.choice("aspect_ratio", ("16:9", "9:16")) or "16:9",
            "by_uri": by_uri,
            "folder": inputs.folder(given, "gcs_uri"),
        }
        given.finish()
        return values

    def _response_format(self) -> Fields:
        given = self._top.raw("response_format")
        path = "response_format"
        if isinstance(given, list):
            if len(given) != 1:
                self._top.wrong(path, "accepted is one format, or a list of one")
            given, path = (given or [None])[0], f"{path}[0]"
        return Fields({"type": "video"} if given is None else given, path, self._top.violations)

    def _rest(self, config: Fields) -> None:
        for name in ("temperature", "top_p", "stop_sequences"):
            config.refuse(name, "the model does not support it")
        for name in _IGNORED_GENERATION:
            config.raw(name)
        config.finish()
        self._top.refuse("system_instruction", "the model does not support it")
        self._top.choice("service_tier", _TIERS)
        self._top.labels("labels")
        for name in _IGNORED:
            self._top.raw(name)
        self._top.finish()

    def _empty(self, path: str) -> Fields:
        return Fields({}, path, self._top.violations)


def _seconds(given: Fields, accepted: range) -> int:
    text = given.raw("duration")
    if text is None:
        return DEFAULT_SECONDS
    match = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if match is None or int(match[1]) not in accepted:
        limits = f'"{accepted[0]}s" to "{accepted[-1]}s", in whole seconds'
        given.wrong("duration", f"{text!r}; accepted is {limits}")
        return DEFAULT_SECONDS
    return int(match[1])
