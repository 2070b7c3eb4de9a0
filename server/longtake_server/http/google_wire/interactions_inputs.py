# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the input of an interaction in any of its four forms. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from longtake.v1.media_pb2 import FileData, Image, Video

from longtake_server.http.bodies import Members

if TYPE_CHECKING:
    from longtake_server.errors import Violation

_STEPS = ("user_input", "model_output", "thought")
_CONTENTS = ("text", "image", "video")
_NO_HISTORY = (
    "it is an earlier step; accepted is one step user_input, with previous_interaction_id to go on "
    "from an earlier interaction"
)
NO_EFFECT = "it has no effect on a generated video; leave it out"
"""What is said of a member that Google has and that would change nothing."""

Medium = TypeVar("Medium", Image, Video)


@dataclass(frozen=True, slots=True)
class Given(Generic[Medium]):
    """An image or a video, and its path in the body."""

    medium: Medium
    path: str


@dataclass(slots=True)
class Said:
    """What an input says, in its order."""

    texts: list[str] = field(default_factory=list)
    images: list[Given[Image]] = field(default_factory=list)
    videos: list[Given[Video]] = field(default_factory=list)


def read_input(body: Members) -> Said:
    """Read the member `input`. Slow for large media: call it in a thread.

    Args:
        body: The body, which takes the violations.

    """
    reader = _Reader(body.violations)
    value = body.take("input")
    if isinstance(value, str):
        text = Members({"input": value}, "", body.violations).text("input")
        return Said([] if text is None else [text])
    if value is not None:
        reader.read(value, "input")
    return reader.said


class _Reader:
    """Collects contents, and adds a violation for each wrong one."""

    def __init__(self, violations: list[Violation]) -> None:
        self._violations = violations
        self.said = Said()

    def read(self, value: object, path: str) -> None:
        """Read a step, a content, or a list of either."""
        values = value if isinstance(value, list) else [value]
        listed = isinstance(value, list)
        has_input = False
        for index, one in enumerate(values):
            where = f"{path}[{index}]" if listed else path
            if not _is_step(one):
                self._content(one, where)
            elif has_input or one.get("type") != _STEPS[0]:
                Members({}, where, self._violations).wrong("", _NO_HISTORY)
            else:
                has_input = True
                self._user_input(one, where)

    def _user_input(self, value: object, path: str) -> None:
        step = Members(value, path, self._violations)
        step.take("type")
        contents = step.take("content")
        step.finish()
        listed = isinstance(contents, list)
        for index, one in enumerate(contents if isinstance(contents, list) else [contents]):
            self._content(one, f"{path}.content[{index}]" if listed else f"{path}.content")

    def _content(self, value: object, path: str) -> None:
        content = Members(value, path, self._violations)
        if not isinstance(value, dict):
            return
        kind = content.text("type")
        if kind == "text":
            self._text(content)
        elif kind == "image":
            image = Image()
            self._medium(content, image)
            self.said.images.append(Given(image, path))
        elif kind == "video":
            video = Video()
            # The name only labels the video in Google's own tools.
            content.text("name")
            self._medium(content, video)
            self.said.videos.append(Given(video, path))
        else:
            content.wrong("type", f"accepted are {', '.join(_CONTENTS)}")
            return
        content.finish()

    def _text(self, content: Members) -> None:
        if not content.has("text"):
            content.wrong("text", "it is required")
        if (text := content.text("text")) is not None:
            self.said.texts.append(text)
        if content.take("annotations"):
            content.wrong("annotations", NO_EFFECT)

    def _medium(self, content: Members, medium: Image | Video) -> None:
        """Fill in an image or a video. The use cases check what it is."""
        for name in ("resolution", "processing"):
            if content.take(name) is not None:
                content.wrong(name, NO_EFFECT)
        if content.has("data") == content.has("uri"):
            content.wrong("", "accepted is one of data and uri")
        data, address = content.bytes("data"), content.text("uri")
        mime_type = content.text("mime_type") or ""
        if address is not None:
            medium.file_data.CopyFrom(FileData(file_uri=address, mime_type=mime_type))
        elif data is not None:
            medium.data = data
            medium.mime_type = mime_type


def _is_step(value: object) -> bool:
    return isinstance(value, dict) and value.get("type") in _STEPS
