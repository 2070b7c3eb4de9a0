# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Infers the task of an interaction and checks the media that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from veo_simulator.omni_models import (
    EDIT,
    EXTEND,
    IMAGE,
    MOST_CLIPS,
    MOST_IMAGES,
    OF_A_SOURCE,
    REFERENCE,
    TEXT,
    UPSCALE,
)

if TYPE_CHECKING:
    from veo_simulator.fields import Fields
    from veo_simulator.interaction_inputs import Said
    from veo_simulator.omni_models import OmniRules


def inferred_task(prompt: str, said: Said, previous: str) -> str:
    """Return the task that a model infers.

    A video is edited; one image is the first frame; several, or such as the prompt
    calls <IMAGE_REF_0>, are references.
    """
    if said.videos or previous:
        return EDIT
    if not said.images:
        return TEXT
    several = len(said.images) > 1 and "<FIRST_FRAME>" not in prompt
    return REFERENCE if several or "<IMAGE_REF" in prompt else IMAGE


def check_media(
    top: Fields, rules: OmniRules, task: str, said: Said, previous: str
) -> dict[str, Any]:
    """Return the images, clips and source of an order; add violations to `top`."""
    source = range(1) if previous else range(1, 2)
    wanted = {
        TEXT: (range(1), range(1)),
        IMAGE: (range(1, 3 if rules.last_frame else 2), range(1)),
        REFERENCE: (range(MOST_IMAGES + 1), range(MOST_CLIPS + 1)),
        EDIT: (range(MOST_IMAGES + 1), source),
        EXTEND: (range(1), source),
        UPSCALE: (range(1), source),
    }[task]
    for kind, given, accepted in zip(
        ("images", "videos"), (said.images, said.videos), wanted, strict=True
    ):
        if len(given) not in accepted:
            top.wrong("input", f"{len(given)} {kind}; task {task} takes {_worded(accepted)}")
    if task == REFERENCE and not (said.images or said.videos):
        top.wrong("input", f"task {task} needs an image or a video")
    if previous and task not in OF_A_SOURCE:
        top.wrong("previous_interaction_id", f"task {task} does not take it")
    has_source = task in OF_A_SOURCE and bool(said.videos)
    return {
        "images": tuple(said.images),
        "clips": tuple(said.videos) if task == REFERENCE else (),
        "source": said.videos[0] if has_source else None,
    }


def _worded(accepted: range) -> str:
    low, high = min(accepted), max(accepted)
    return str(high) if low == high else f"{low} to {high}"
