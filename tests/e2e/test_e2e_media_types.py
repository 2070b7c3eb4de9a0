# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos of every common media type pass through the server to the upstream."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import pytest
from longtake import AsyncClient
from longtake.errors import ClientError
from longtake.types import Image, Mask, MaskMode, Video
from PIL import Image as Picture
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

OMNI, VEO_2, VEO_31 = "gemini-omni-1.2-flash", "veo-2.0-generate-exp", "veo-3.1-generate-001"
# A container, a codec for it, and the common names of the media type.
CONTAINERS = {
    ".mov": ("mov", "mpeg4", "video/quicktime"),
    ".avi": ("avi", "mpeg4", "video/x-msvideo"),
    ".wmv": ("asf", "wmv2", "video/x-ms-wmv"),
    ".flv": ("flv", "flv1", "video/x-flv"),
}


def png() -> bytes:
    file = io.BytesIO()
    Picture.new("L", (320, 180), 255).save(file, "PNG")
    return file.getvalue()


def clip(container: str, codec: str) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=24)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for _ in range(4):
            output.mux(stream.encode(av.VideoFrame(320, 180, "yuv420p")))
        output.mux(stream.encode(None))
    return file.getvalue()


async def test_a_video_of_any_usual_type_reaches_the_models_that_take_it(tmp_path: Path) -> None:
    async with simulator(tmp_path) as upstream, server(tmp_path, upstream) as longtake:
        await longtake.start()
        async with AsyncClient(longtake.address) as client:
            mask = Mask(Image.from_bytes(png()), MaskMode.INSERT)
            started = []
            for suffix, (container, codec, name) in CONTAINERS.items():
                file = tmp_path / f"clip{suffix}"
                file.write_bytes(clip(container, codec))
                data = file.read_bytes()
                # The submission shows whether the upstream accepts the media type. The prompt
                # ends the generation there, so that nothing is rendered.
                for model, video in (
                    (VEO_2, Video.from_file(file)),
                    (OMNI, Video.from_bytes(data, name)),
                    (OMNI, Video(data=data, mime_type=name.upper())),
                    (VEO_2, Video(data=data, mime_type=f"{name}; charset=binary")),
                ):
                    started.append(
                        await client.models.generate_videos(
                            model=model,
                            prompt="[sim:filter]",
                            video=video,
                            config={"mask": mask} if model == VEO_2 else None,
                        )
                    )
                with pytest.raises(
                    ClientError, match=r"accepted by model veo-3\.1-generate-001 is video/mp4"
                ) as refused:
                    await client.models.generate_videos(
                        model=VEO_31, prompt="x", video=Video(data=data, mime_type=name)
                    )
                assert str(refused.value).count("video/mp4") == 1
            for operation in started:
                ended = await client.operations.wait(operation)
                assert ended.done
                assert ended.response is not None, ended.error
                assert "Support codes" in ended.response.rai_media_filtered_reasons[0]
