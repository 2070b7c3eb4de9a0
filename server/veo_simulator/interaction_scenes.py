# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Plans the scene of an interaction: reads and measures its media."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from veo_simulator import inputs
from veo_simulator.errors import GoogleError
from veo_simulator.models import frame_size
from veo_simulator.omni_models import (
    EDIT,
    EXTEND,
    FRAMES_PER_SECOND,
    IMAGE,
    LONGEST_CLIP_SECONDS,
    LONGEST_EDITED_SECONDS,
    LONGEST_EXTENDED_SECONDS,
    LONGEST_TOTAL_SECONDS,
    UPSCALE,
)
from veo_simulator.scene import Scene

if TYPE_CHECKING:
    from collections.abc import Callable

    from veo_simulator.bucket import Buckets
    from veo_simulator.developer_files import DeveloperFiles
    from veo_simulator.generations import Generation
    from veo_simulator.inputs import Media
    from veo_simulator.interaction_orders import InteractionOrder
    from veo_simulator.scene import Clip
    from veo_simulator.workers import Renderers

_TREATMENTS = {EDIT: "redraw", EXTEND: "extend", UPSCALE: "enlarge"}
_LONGEST_SIDE = 3840
# A video has a whole number of frames, so its length may be rounded up by one frame.
_FRAME = 1 / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Plan:
    """A scene, and the seconds of video that it reads and makes for the usage."""

    scene: Scene
    read_seconds: float
    made_seconds: float


class Planner:
    """Turns orders into scenes.

    Args:
        buckets: Where inputs by gs:// are.
        files: Where inputs by the address of a file are.
        renderers: What measures videos.
        video_of: Returns the video of an interaction by its id, None where there is none.
    """

    def __init__(
        self,
        buckets: Buckets,
        files: DeveloperFiles,
        renderers: Renderers,
        video_of: Callable[[str], bytes | None],
    ) -> None:
        self._buckets = buckets
        self._files = files
        self._renderers = renderers
        self._video_of = video_of

    async def plan(self, generation: Generation[InteractionOrder]) -> Plan:
        """Return what to render.

        Raises:
            GoogleError: An input is missing or too long.
            UnreadableMedia: An input is not a video.

        """
        order = generation.order
        images = [await asyncio.to_thread(self._read, one) for one in order.images]
        clips = [await asyncio.to_thread(self._read, one) for one in order.clips]
        read_seconds = 0.0
        for data in clips:
            clip = await self._renderers.measure(data)
            _limit("Reference", clip, LONGEST_CLIP_SECONDS)
            read_seconds += clip.seconds
        source = await asyncio.to_thread(self._source, order)
        measured = None if source is None else await self._renderers.measure(source)
        size = _size(order, measured)
        made_seconds = float(order.seconds)
        if measured is not None:
            read_seconds += measured.seconds
            made_seconds = order.seconds if order.task == EXTEND else measured.seconds
        frames = images if order.task == IMAGE else []
        scene = Scene(
            prompt=order.directives.prompt,
            model=order.model,
            seed=generation.seed,
            width=size[0],
            height=size[1],
            fps=FRAMES_PER_SECOND,
            seconds=order.seconds if order.task == EXTEND else max(1, round(made_seconds)),
            audio=True,
            lossless=False,
            resize_mode="pad",
            first_frame=frames[0] if frames else None,
            last_frame=frames[1] if len(frames) > 1 else None,
            references=() if frames else tuple(images),
            clips=tuple(clips),
            source=source,
            treatment=_TREATMENTS.get(order.task, "extend"),
        )
        return Plan(scene, read_seconds, made_seconds)

    def _source(self, order: InteractionOrder) -> bytes | None:
        if not order.previous:
            return None if order.source is None else self._read(order.source)
        data = self._video_of(order.previous)
        if data is None:
            message = f"previous_interaction_id: {order.previous} has no video"
            raise GoogleError("INVALID_ARGUMENT", message)
        return data

    def _read(self, media: Media) -> bytes:
        if not media.file:
            return inputs.read(self._buckets, media)
        data = self._files.read(media.file)
        if data is None:
            message = f"{media.role}: files/{media.file} may not exist, or has expired"
            raise GoogleError("NOT_FOUND", message)
        return data


def _size(order: InteractionOrder, source: Clip | None) -> tuple[int, int]:
    """Return the size of the frames, and check the source against what the task takes."""
    if source is None:
        return frame_size(order.resolution, order.aspect_ratio)
    if order.task == EXTEND:
        _limit("Extended", source, LONGEST_EXTENDED_SECONDS)
        total = LONGEST_TOTAL_SECONDS[order.host]
        _limit("Total", source, total - order.seconds)
        scale = min(1.0, _LONGEST_SIDE / max(source.width, source.height))
        width, height = (round(side * scale / 2) * 2 for side in (source.width, source.height))
        return max(2, width), max(2, height)
    if order.task == EDIT:
        _limit("Editing", source, LONGEST_EDITED_SECONDS)
    upright = source.height > source.width
    return frame_size(order.resolution, "9:16" if upright else "16:9")


def _limit(what: str, clip: Clip, most: int) -> None:
    if clip.seconds > most + _FRAME:
        message = f"{what} duration {clip.seconds:g} exceeds maximum duration {most}."
        raise GoogleError("INVALID_ARGUMENT", message)
