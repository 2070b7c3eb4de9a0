# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A model that can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from longtake.types.operation import Money


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """What a second of video costs by list price."""

    resolution: str
    audio: bool
    price_per_second: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model and what it can do.

    Attributes:
        name: `models/{model}`.
        model_id: What `generate_videos` takes as `model`.
        display_name: A name to show.
        upstream: Who serves it.
        stage: How far it is in its life, for example 'GENERALLY_AVAILABLE'.
        retirement_date: The day it stops or stopped being served, or None.
        replacement: The id of the model to use instead, or None.
        durations_seconds: The lengths that `duration` may have.
        default_duration_seconds: The length when none is asked for.
        resolutions: The values of `resolution`, the default first.
        aspect_ratios: The values of `aspect_ratio`, the default first.
        fps: The values of `fps`, the default first.
        max_videos: The largest `number_of_videos`.
        supported_fields: The other fields that it honours, by path.
        prices: List prices.
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
