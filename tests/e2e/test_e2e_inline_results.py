# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Large inline results of a real simulator: each is stored as a whole, with its size and digest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from e2e.e2e_upstream import State, ended, request
from longtake.v1.video_service_pb2 import DownloadVideoRequest
from processes.running import GUARD_SECONDS, server, simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
SIZE_BYTES = 5_000_001


def parts_under(folder: Path) -> list[Path]:
    return list(folder.rglob("*.part"))


async def test_four_inline_videos_are_stored_and_downloaded_as_they_were_sent(
    tmp_path: Path,
) -> None:
    asked = request(f"a boat [sim:size bytes={SIZE_BYTES}]")
    asked.config.number_of_videos = 4
    async with (
        simulator(tmp_path) as upstream,
        server(tmp_path, upstream) as longtake,
    ):
        stub = await longtake.start()
        operation = await ended(stub, (await stub.GenerateVideos(asked)).name)
        assert operation.metadata.state == State.SUCCEEDED, operation.error
        digests = set()
        for generated in operation.response.generated_videos:
            assert generated.video.size_bytes == SIZE_BYTES
            digest = hashlib.sha256()
            async for message in stub.DownloadVideo(DownloadVideoRequest(name=generated.name)):
                digest.update(message.chunk.data)
            assert generated.video.sha256 == digest.hexdigest()
            digests.add(generated.video.sha256)
    assert len(digests) == 4
    assert not parts_under(tmp_path)
