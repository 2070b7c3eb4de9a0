# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The limits of each Omni model and task, as Google documents them."""

from __future__ import annotations

from dataclasses import dataclass, replace

PLATFORM = "platform"
DEVELOPER = "developer"

TEXT, IMAGE, REFERENCE = "text_to_video", "image_to_video", "reference_to_video"
EDIT, EXTEND, UPSCALE = "edit", "extend", "upscale"
OF_A_SOURCE = (EDIT, EXTEND, UPSCALE)

SHORTEST_SECONDS = 3
DEFAULT_SECONDS = 5
FRAMES_PER_SECOND = 24
EXTENSION = range(SHORTEST_SECONDS, 11)
LONGEST_EDITED_SECONDS = 10
LONGEST_EXTENDED_SECONDS = 30
LONGEST_CLIP_SECONDS = 3
# The longest extended video in seconds, by host.
LONGEST_TOTAL_SECONDS = {PLATFORM: 40, DEVELOPER: 30}
MOST_IMAGES = 10
MOST_CLIPS = 3
UPSCALED = ("1080p", "4k")

_ALL = frozenset({"aspect_ratio", "resolution", "duration"})
# The fields of response_format that a task accepts, besides those of the delivery.
FIELDS = {
    TEXT: _ALL,
    IMAGE: _ALL,
    REFERENCE: _ALL,
    EDIT: frozenset({"resolution"}),
    EXTEND: frozenset({"duration"}),
    UPSCALE: frozenset({"resolution"}),
}
# Video tokens per generated second.
TOKENS_PER_SECOND = {"360p": 1931, "720p": 5792, "1080p": 8688, "4k": 17376}


@dataclass(frozen=True, slots=True, kw_only=True)
class OmniRules:
    """The limits of a model.

    Attributes:
        hosts: The hosts that serve it: PLATFORM, DEVELOPER.
        longest: The largest length of a new video in seconds.
        resolutions: The accepted values of resolution.
        tasks: The accepted tasks.
        last_frame: Whether a second image is the last frame of image_to_video.
        continues: Whether the Agent Platform accepts previous_interaction_id.
    """

    hosts: tuple[str, ...] = (PLATFORM, DEVELOPER)
    longest: int = 10
    resolutions: tuple[str, ...] = ("360p", "720p", "1080p", "4k")
    tasks: tuple[str, ...] = (TEXT, IMAGE, REFERENCE, EDIT, EXTEND)
    last_frame: bool = True
    continues: bool = True


_PREVIEW = OmniRules(resolutions=("720p",), tasks=(TEXT, IMAGE, REFERENCE, EDIT), last_frame=False)
_1_1 = OmniRules(hosts=(DEVELOPER,))
_1_2 = OmniRules(longest=15, tasks=(*_1_1.tasks, UPSCALE))

OMNI_MODELS = {
    "gemini-omni-flash-preview": _PREVIEW,
    "gemini-omni-1.1-flash": _1_1,
    "gemini-omni-1.1-flash-preview": replace(_1_1, hosts=(PLATFORM,), continues=False),
    "gemini-omni-1.2-flash": _1_2,
}
