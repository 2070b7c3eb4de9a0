# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes JSON that contains whole videos in base64, without holding one in memory."""

from __future__ import annotations

import json
import secrets
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.results.encoded import encoded

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from longtake_server.operations.results.download import Download


@dataclass(frozen=True, slots=True)
class Inline:
    """Stands in a JSON tree for the base64 text of a video.

    Attributes:
        video: The index of the video.
    """

    video: int


async def write_json(
    tree: Mapping[str, object],
    open_video: Callable[[int], AbstractAsyncContextManager[Download]],
    *,
    before: bytes = b"",
) -> AsyncGenerator[bytes]:
    """Yield the JSON of a tree with the videos in the place of each Inline.

    Nothing is yielded before the first video is open, so an error of opening it comes first.

    Args:
        tree: The tree.
        open_video: Opens a video by its index.
        before: What comes before the JSON.

    Raises as `open_video` does, on entry and while reading.

    """
    text = before
    for part in _parts(tree):
        if isinstance(part, bytes):
            text += part
            continue
        async with open_video(part.video) as download:
            yield text
            text = b""
            async with aclosing(encoded(download.chunks)) as texts:
                async for encoding in texts:
                    yield encoding
    yield text


def _parts(tree: Mapping[str, object]) -> list[bytes | Inline]:
    # A mark that no caller can know stands for the videos until the tree is a text.
    mark = secrets.token_hex(16)

    def marked(value: object) -> str:
        if isinstance(value, Inline):
            return f"{mark}{value.video}{mark}"
        raise TypeError(type(value).__name__)

    pieces = json.dumps(tree, default=marked, separators=(",", ":")).split(mark)
    return [
        Inline(int(piece)) if number % 2 else piece.encode() for number, piece in enumerate(pieces)
    ]
