# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the videos of an order, stores them, and writes them into an answer."""

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from veo_simulator import delivery, inputs
from veo_simulator.errors import GoogleError
from veo_simulator.models import EXTENSION_SECONDS, frame_size
from veo_simulator.orders import Order, read_order
from veo_simulator.scene import Scene, UnreadableMedia
from veo_simulator.support_codes import explain

if TYPE_CHECKING:
    from pathlib import Path

    from veo_simulator.bucket import Buckets
    from veo_simulator.generations import Generation
    from veo_simulator.inputs import Media
    from veo_simulator.workers import Renderers

_RESPONSE_TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
_SEEDS = 1 << 32


class Results:
    """Turns orders into outcomes. Inline videos are kept as files until they are asked for.

    Args:
        folder: Where each generation has a folder of its own.
        buckets: Where inputs are read, and results stored that have a storageUri.
        renderers: What makes the videos.
    """

    def __init__(self, folder: Path, buckets: Buckets, renderers: Renderers) -> None:
        self._folder = folder
        self._buckets = buckets
        self._renderers = renderers

    def read(self, name: str, body: dict[str, Any]) -> Order:
        """Return the order of an operation by its full name and its request."""
        return read_order(name.split("/operations/")[0].rpartition("/")[2], body)

    async def make(self, generation: Generation[Order]) -> dict[str, Any]:
        """Return the outcome of an order: its response or its error, or neither."""
        if "unset" in generation.order.directives:
            return {}
        try:
            return {"response": await self._response(generation)}
        except UnreadableMedia as error:
            refusal = GoogleError("INVALID_ARGUMENT", f"The input cannot be used: {error}")
            return self.failed(refusal)
        except GoogleError as error:
            return self.failed(error)

    def failed(self, error: GoogleError) -> dict[str, Any]:
        """Return the outcome of a failure."""
        return {"error": error.operation_error()}

    async def as_operation(self, generation: Generation[Order]) -> bytes:
        """Return a generation as the JSON of a google.longrunning.Operation."""
        if generation.outcome is None:
            return json.dumps({"name": generation.name}).encode()
        return await asyncio.to_thread(self._done, generation, generation.outcome)

    def delete(self, generation: str) -> None:
        """Delete the folder of a generation; objects in buckets stay, as they do at Google."""
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def _done(self, generation: Generation[Order], outcome: dict[str, Any]) -> bytes:
        operation = {"name": generation.name, "done": True, **outcome}
        if "videos" in outcome.get("response", {}):
            videos = [self._inline(generation.id, one) for one in outcome["response"]["videos"]]
            operation["response"] = {**outcome["response"], "videos": videos}
        return json.dumps(operation).encode()

    def _inline(self, generation: str, video: dict[str, str]) -> dict[str, str]:
        if "file" not in video:
            return video
        data = (self._folder / generation / video["file"]).read_bytes()
        encoded = base64.b64encode(data).decode("ascii")
        return {"bytesBase64Encoded": encoded, "mimeType": video["mimeType"]}

    async def _response(self, generation: Generation[Order]) -> dict[str, Any]:
        order = generation.order
        chosen = order.directives
        if "fail" in chosen:
            message = chosen.text("fail", "message", "Video generation failed.")
            raise GoogleError("INTERNAL", message)
        if "refuse" in chosen:
            code = chosen.text("refuse", "code", "58061214")
            raise GoogleError(
                "INVALID_ARGUMENT",
                "Veo could not generate videos because the input violates the usage guidelines. "
                f"{explain(code)} Support codes: {code}",
            )
        filtered = self._filtered(order)
        response: dict[str, Any] = {"@type": _RESPONSE_TYPE, "raiMediaFilteredCount": filtered}
        if filtered:
            code = chosen.text("filter", "code", "29310472")
            response["raiMediaFilteredReasons"] = [f"{explain(code)} Support codes: {code}"]
        if videos := await self._videos(generation, order.samples - filtered):
            response["videos"] = videos
        return response

    def _filtered(self, order: Order) -> int:
        if "filter" not in order.directives:
            return 0
        return min(order.samples, int(order.directives.number("filter", "count", order.samples)))

    async def _videos(self, generation: Generation[Order], count: int) -> list[dict[str, str]]:
        if count == 0:
            return []
        scene = await asyncio.to_thread(self._scene, generation)
        started = time.strftime("%Y%m%d%H%M%S", time.gmtime())
        store = self._into_bucket if generation.order.storage else self._into_file
        videos = []
        for index in range(count):
            seeded = replace(scene, seed=(scene.seed + index) % _SEEDS)
            data = await self._renderers.render(seeded)
            stem = f"{started}/sample_{index}"
            videos.append(await asyncio.to_thread(store, generation, stem, data))
        return videos

    def _into_bucket(self, generation: Generation[Order], stem: str, data: bytes) -> dict[str, str]:
        bucket, prefix = generation.order.storage or ("", "")
        name = "/".join(filter(None, (prefix, f"{stem}.mp4")))
        chosen = generation.order.directives
        address = delivery.into_bucket(self._buckets, bucket, name, data, chosen)
        return {"gcsUri": address, "mimeType": delivery.VIDEO_TYPE}

    def _into_file(self, generation: Generation[Order], stem: str, data: bytes) -> dict[str, str]:
        name = f"{stem.rpartition('/')[2]}.mp4"
        padded = delivery.inline(data, generation.order.directives)
        (self._folder / generation.id / name).write_bytes(padded)
        return {"file": name, "mimeType": delivery.VIDEO_TYPE}

    def _scene(self, generation: Generation[Order]) -> Scene:
        order = generation.order
        width, height = frame_size(order.resolution, order.aspect_ratio)
        extends = order.video is not None and order.mask is None
        return Scene(
            prompt=order.directives.prompt,
            model=order.model,
            seed=generation.seed,
            width=width,
            height=height,
            fps=order.fps,
            seconds=EXTENSION_SECONDS if extends else order.seconds,
            audio=order.audio,
            lossless=order.lossless,
            resize_mode=order.resize_mode,
            negative_prompt=order.negative_prompt,
            first_frame=self._read(order.image),
            last_frame=self._read(order.last_frame),
            references=tuple(self._read(one) or b"" for one in order.references),
            source=self._read(order.video),
            mask=self._read(order.mask),
            camera=order.camera,
        )

    def _read(self, media: Media | None) -> bytes | None:
        return None if media is None else inputs.read(self._buckets, media)
