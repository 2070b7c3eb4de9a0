# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A model that can generate videos."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from longtake._documents import Documented
from longtake._wording import shortened
from longtake.types.operation import Money


@dataclass(frozen=True, slots=True)
class ModelPrice(Documented):
    """The list price of a second of video.

    Attributes:
        resolution: The resolution that it is for, for example '720p'.
        audio: Whether it is for videos with sound.
        price_per_second: The price.
    """

    resolution: str
    audio: bool
    price_per_second: Money = field(hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Documented):
    """A model and what it can do.

    Attributes:
        name: `models/{model}`.
        model_id: What `generate_videos` takes as `model`.
        display_name: The name to show to people.
        upstream: The service that runs it.
        stage: The stage of its life cycle, for example 'GENERALLY_AVAILABLE'.
        retirement_date: The day on which the upstream stops serving it, or None.
        replacement: The id of the model to use instead, or None.
        durations_seconds: The accepted values of `duration`, in seconds.
        default_duration_seconds: The length of a video if the request has no `duration`.
        resolutions: The accepted values of `resolution`, the default first.
        aspect_ratios: The accepted values of `aspect_ratio`, the default first.
        fps: The accepted values of `fps`, the default first.
        max_videos: The largest accepted value of `number_of_videos`.
        supported_fields: The paths of the other fields that it supports.
        prices: Its list prices.
    """

    name: str
    model_id: str
    display_name: str
    upstream: str
    stage: str
    retirement_date: date | None
    replacement: str | None
    durations_seconds: tuple[int, ...]
    default_duration_seconds: int
    resolutions: tuple[str, ...]
    aspect_ratios: tuple[str, ...]
    fps: tuple[int, ...]
    max_videos: int
    supported_fields: tuple[str, ...]
    prices: tuple[ModelPrice, ...]

    def __repr__(self) -> str:
        return (
            f"Model({shortened(self.model_id)}, upstream={shortened(self.upstream)}, "
            f"stage={shortened(self.stage)})"
        )
