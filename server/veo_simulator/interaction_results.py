# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the video of an interaction and stores it where the request says."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING, Any

from veo_simulator import delivery
from veo_simulator.developer_files import ADDRESS
from veo_simulator.errors import GoogleError
from veo_simulator.interaction_errors import as_json
from veo_simulator.interaction_orders import InteractionOrder, read_interaction_order
from veo_simulator.interaction_scenes import Planner
from veo_simulator.interaction_usage import usage
from veo_simulator.omni_models import DEVELOPER, PLATFORM
from veo_simulator.scene import UnreadableMedia
from veo_simulator.support_codes import explain

if TYPE_CHECKING:
    from pathlib import Path

    from veo_simulator.bucket import Buckets
    from veo_simulator.developer_files import DeveloperFiles
    from veo_simulator.generations import Generation
    from veo_simulator.workers import Renderers

_VIDEO = "video.mp4"


class InteractionResults:
    """Turns orders into outcomes: the status, and the steps or the errors.

    Args:
        folder: Where each interaction has a folder of its own, with its video in it.
        buckets: Where inputs are read, and videos stored that have a gcs_uri.
        files: Where videos of the Developer API are stored that are wanted by address.
        renderers: What makes the videos.
    """

    def __init__(
        self, folder: Path, buckets: Buckets, files: DeveloperFiles, renderers: Renderers
    ) -> None:
        self._folder = folder
        self._buckets = buckets
        self._files = files
        self._renderers = renderers
        self._planner = Planner(buckets, files, renderers, self.video)

    def read(self, name: str, body: dict[str, Any]) -> InteractionOrder:
        """Return the order of an interaction by its full name and its request."""
        host = DEVELOPER if name.startswith("interactions/") else PLATFORM
        return read_interaction_order(host, body)

    async def make(self, generation: Generation[InteractionOrder]) -> dict[str, Any]:
        """Return the outcome of an order."""
        try:
            return await self._completed(generation)
        except UnreadableMedia as error:
            message = f"The input cannot be used: {error}"
            return self.failed(GoogleError("INVALID_ARGUMENT", message))
        except GoogleError as error:
            return self.failed(error)

    def failed(self, error: GoogleError) -> dict[str, Any]:
        """Return the outcome of a failure."""
        return {"status": "failed", "errors": [as_json(error)]}

    def cancelled(self) -> dict[str, Any]:
        """Return the outcome of a cancelled interaction."""
        return {"status": "cancelled"}

    def delete(self, generation: str) -> None:
        """Delete the folder of an interaction; objects and files stay."""
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def video(self, generation: str) -> bytes | None:
        """Return the video of an interaction by its id, or None."""
        try:
            return (self._folder / generation / _VIDEO).read_bytes()
        except FileNotFoundError:
            return None

    async def _completed(self, generation: Generation[InteractionOrder]) -> dict[str, Any]:
        order = generation.order
        chosen = order.directives
        if "fail" in chosen:
            message = chosen.text("fail", "message", "Video generation failed.")
            raise GoogleError("INTERNAL", message)
        if order.by_uri and order.host == PLATFORM and order.folder is None:
            raise GoogleError(
                "INVALID_ARGUMENT", "response_format.gcs_uri is required when delivery is uri"
            )
        if said := _refusal(order):
            return _outcome([{"type": "text", "text": said}], usage(order, 0, 0))
        plan = await self._planner.plan(generation)
        data = await self._renderers.render(plan.scene)
        content = await asyncio.to_thread(self._store, generation, data)
        used = usage(order, plan.read_seconds, plan.made_seconds)
        return _outcome([] if "unset" in chosen else [content], used)

    def _store(self, generation: Generation[InteractionOrder], data: bytes) -> dict[str, str]:
        order = generation.order
        kept = data if order.by_uri else delivery.inline(data, order.directives)
        (self._folder / generation.id / _VIDEO).write_bytes(kept)
        content = {"type": "video", "mime_type": delivery.VIDEO_TYPE}
        if not order.by_uri:
            return content
        if order.folder is None:
            name = self._files.put(data, order.directives)
            return {**content, "uri": f"{ADDRESS}{name}:download?alt=media"}
        bucket, prefix = order.folder
        name = "/".join(filter(None, (prefix, f"{int(generation.id[:15], 16)}.mp4")))
        address = delivery.into_bucket(self._buckets, bucket, name, data, order.directives)
        return {**content, "uri": address}


def _refusal(order: InteractionOrder) -> str:
    chosen = order.directives
    for name, code in (("refuse", "58061214"), ("filter", "29310472")):
        if name in chosen and chosen.number(name, "count", 1):
            code = chosen.text(name, "code", code)
            return f"I can't make this video. {explain(code)} Support codes: {code}"
    return ""


def _outcome(content: list[dict[str, str]], used: dict[str, Any]) -> dict[str, Any]:
    steps = [{"type": "model_output", "content": content}] if content else []
    return {"status": "completed", "steps": steps, "usage": used}
