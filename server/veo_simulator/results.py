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

from veo_simulator.bucket import free_box_header
from veo_simulator.errors import GoogleError
from veo_simulator.models import EXTENSION_SECONDS, frame_size
from veo_simulator.scene import Scene, UnreadableMedia
from veo_simulator.support_codes import explain

if TYPE_CHECKING:
    from pathlib import Path

    from veo_simulator.bucket import Buckets
    from veo_simulator.orders import Media, Order
    from veo_simulator.workers import Renderers

_RESPONSE_TYPE = "type.googleapis.com/cloud.ai.large_models.vision.GenerateVideoResponse"
_VIDEO_TYPE = "video/mp4"
MOST_INLINE_BYTES = 128 << 20
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

    async def make(self, generation: str, order: Order) -> dict[str, Any]:
        """Return the outcome of an order: its response or its error."""
        try:
            return {"response": await self._response(generation, order)}
        except UnreadableMedia as error:
            refusal = GoogleError("INVALID_ARGUMENT", f"The input cannot be used: {error}")
            return {"error": refusal.operation_error()}
        except GoogleError as error:
            return {"error": error.operation_error()}

    def as_operation(self, name: str, generation: str, outcome: dict[str, Any]) -> bytes:
        """Return a finished generation as JSON, with its inline videos in it."""
        operation = {"name": name, "done": True, **outcome}
        if "videos" in outcome.get("response", {}):
            videos = [self._inline(generation, one) for one in outcome["response"]["videos"]]
            operation["response"] = {**outcome["response"], "videos": videos}
        return json.dumps(operation).encode()

    def delete(self, generation: str) -> None:
        """Delete what is kept of a generation; objects in buckets stay, as they do at Google."""
        shutil.rmtree(self._folder / generation, ignore_errors=True)

    def _inline(self, generation: str, video: dict[str, str]) -> dict[str, str]:
        if "file" not in video:
            return video
        data = (self._folder / generation / video["file"]).read_bytes()
        encoded = base64.b64encode(data).decode("ascii")
        return {"bytesBase64Encoded": encoded, "mimeType": video["mimeType"]}

    async def _response(self, generation: str, order: Order) -> dict[str, Any]:
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
        if videos := await self._videos(generation, order, order.samples - filtered):
            response["videos"] = videos
        return response

    def _filtered(self, order: Order) -> int:
        if "filter" not in order.directives:
            return 0
        return min(order.samples, int(order.directives.number("filter", "count", order.samples)))

    async def _videos(self, generation: str, order: Order, count: int) -> list[dict[str, str]]:
        if count == 0:
            return []
        scene = await asyncio.to_thread(self._scene, order)
        started = time.strftime("%Y%m%d%H%M%S", time.gmtime())
        videos = []
        for index in range(count):
            seeded = replace(scene, seed=(scene.seed + index) % _SEEDS)
            data = await self._renderers.render(seeded)
            store = self._into_bucket if order.storage else self._into_file
            videos.append(
                await asyncio.to_thread(store, generation, order, f"{started}/sample_{index}", data)
            )
        return videos

    def _into_bucket(
        self, _generation: str, order: Order, stem: str, data: bytes
    ) -> dict[str, str]:
        bucket, prefix = order.storage or ("", "")
        name = "/".join(filter(None, (prefix, f"{stem}.mp4")))
        self._buckets.put(bucket, name, _VIDEO_TYPE, [data])
        if "size" in order.directives:
            size = int(order.directives.number("size", "bytes", 0))
            self._buckets.pad(bucket, name, size)
        return {"gcsUri": f"gs://{bucket}/{name}", "mimeType": _VIDEO_TYPE}

    def _into_file(self, generation: str, order: Order, stem: str, data: bytes) -> dict[str, str]:
        missing = int(order.directives.number("size", "bytes", 0)) - len(data)
        if len(data) + missing > MOST_INLINE_BYTES:
            raise GoogleError("OUT_OF_RANGE", "Inline videos end at 128 MiB; give a storageUri.")
        header = free_box_header(missing) if missing >= len(free_box_header(1 << 32)) else b""
        padding = bytes(missing - len(header)) if header else b""
        name = f"{stem.rpartition('/')[2]}.mp4"
        (self._folder / generation / name).write_bytes(data + header + padding)
        return {"file": name, "mimeType": _VIDEO_TYPE}

    def _scene(self, order: Order) -> Scene:
        width, height = frame_size(order.resolution, order.aspect_ratio)
        extends = order.video is not None and order.mask is None
        return Scene(
            prompt=order.directives.prompt,
            model=order.model,
            seed=order.seed or 0,
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
        if media is None:
            return None
        if media.data is not None:
            return media.data
        found = self._buckets.get(media.bucket, media.name)
        if found is None:
            address = f"gs://{media.bucket}/{media.name}"
            message = f"{media.role}: {address} is not in the simulator's storage; upload it first."
            raise GoogleError("NOT_FOUND", message)
        return found.path.read_bytes()
