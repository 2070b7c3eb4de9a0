# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers with a file, or a range of its bytes."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

_CHUNK = 1 << 20
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)


def ranged(path: Path, size: int, content_type: str, wanted: str) -> Response:
    """Return a file's bytes.

    Args:
        path: The file.
        size: The size of the file in bytes.
        content_type: The media type.
        wanted: The Range header of the call, or ''. An invalid one is ignored.

    """
    match = _RANGE.fullmatch(wanted)
    headers = {"content-type": content_type, "accept-ranges": "bytes"}
    start = int(match[1]) if match else 0
    end = min(int(match[2]) + 1, size) if match and match[2] else size
    if match and (start >= size or start >= end):
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    if match:
        headers["content-range"] = f"bytes {start}-{end - 1}/{size}"
    headers["content-length"] = str(end - start)
    return StreamingResponse(_read(path, start, end), 206 if match else 200, headers)


async def _read(path: Path, start: int, end: int) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        await asyncio.to_thread(file.seek, start)
        while start < end:
            chunk = await asyncio.to_thread(file.read, min(_CHUNK, end - start))
            if not chunk:
                return
            start += len(chunk)
            yield chunk
    finally:
        file.close()
