# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the input of an interaction in any of its four forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from veo_simulator import inputs
from veo_simulator.fields import Fields
from veo_simulator.inputs import Media
from veo_simulator.omni_models import DEVELOPER

if TYPE_CHECKING:
    from veo_simulator.errors import Violation

_STEPS = ("user_input", "model_output", "thought")
_TYPES = {
    "image": ("png", "jpeg", "webp", "heic", "heif", "gif", "bmp", "tiff"),
    "video": ("mp4", "mpeg", "mpg", "mov", "avi", "x-flv", "webm", "wmv", "3gpp"),
}
_FILE = re.compile(r"(?:https://[^/]+/(?:v1|v1beta)/)?files/([a-z0-9]+)(?:[:?].*)?")


@dataclass(slots=True)
class Said:
    """The texts, images and videos of a step."""

    texts: list[str] = field(default_factory=list)
    images: list[Media] = field(default_factory=list)
    videos: list[Media] = field(default_factory=list)


def read_input(value: Any, host: str, violations: list[Violation]) -> Said:
    """Return the last input of the user, with the model's last video if the input has none.

    Args:
        value: A string, a content, or a list of contents or of steps.
        host: Whose addresses are accepted: of objects, or of files.
        violations: Where violations are added.

    """
    if isinstance(value, str):
        return Said([value])
    reader = _Reader(host, violations)
    if not isinstance(value, list):
        return reader.contents([value], "input", listed=False)
    if any(isinstance(one, dict) and one.get("type") in _STEPS for one in value):
        return reader.steps(value)
    return reader.contents(value, "input")


class _Reader:
    """Reads contents and adds a violation for each wrong one."""

    def __init__(self, host: str, violations: list[Violation]) -> None:
        self._host = host
        self._violations = violations

    def steps(self, values: list[Any]) -> Said:
        said, made = Said(), Said()
        for index, value in enumerate(values):
            path = f"input[{index}]"
            step = Fields(value, path, self._violations)
            kind = step.choice("type", _STEPS)
            content = step.raw("content")
            # The model's text, its signatures and other fields that are sent back have no effect.
            step.ignore()
            if kind == "user_input":
                given = content if isinstance(content, list) else [content]
                said = self.contents(given, f"{path}.content")
            elif kind == "model_output":
                made = self.contents(content or [], f"{path}.content")
        if not said.videos:
            said.videos = made.videos[-1:]
        return said

    def contents(self, values: list[Any], path: str, *, listed: bool = True) -> Said:
        said = Said()
        for index, value in enumerate(values):
            if isinstance(value, str):
                said.texts.append(value)
                continue
            where = f"{path}[{index}]" if listed else path
            self._content(Fields(value, where, self._violations), said)
        return said

    def _content(self, content: Fields, said: Said) -> None:
        kind = content.choice("type", ("text", "image", "video"))
        if kind is None:
            content.wrong("type", "it is required; accepted are text, image, video")
            content.ignore()
            return
        if kind == "text":
            said.texts.append(content.text("text") or "")
            content.raw("annotations")
        else:
            media = self._media(content, kind)
            (said.images if kind == "image" else said.videos).append(media)
        content.finish()

    def _media(self, content: Fields, kind: str) -> Media:
        content.choice("mime_type", [f"{kind}/{name}" for name in _TYPES[kind]])
        for ignored in ("name", "resolution", "processing"):
            content.raw(ignored)
        data, address = content.text("data"), content.text("uri")
        role = content.path("")
        if (data is None) == (address is None):
            content.wrong("", "exactly one of data and uri is required")
            return Media(role)
        if data is not None:
            return inputs.decoded(content, "data", role, data)
        if self._host != DEVELOPER:
            return inputs.addressed(content, "uri", role, address or "")
        match = _FILE.fullmatch(address or "")
        if match is None:
            content.wrong("uri", "accepted is the address of a file, https://HOST/v1beta/files/ID")
        return Media(role, file=match[1] if match else "")
