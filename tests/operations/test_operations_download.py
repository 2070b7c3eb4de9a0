# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A fault after the last byte of a download does not reach the reader."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from longtake_server.errors import StorageUnavailable
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import StoredVideo
from longtake_server.operations.upstream import Finished

if TYPE_CHECKING:
    from pathlib import Path

VIDEO = b"video"
RESULT = Finished((StoredVideo("gs://bucket/0.mp4"),))


@pytest.mark.parametrize("fault", ["the disk is full", "deleted"])
async def test_a_whole_download_is_well_though_its_digest_cannot_be_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    async def full(*_arguments: Any) -> None:
        raise StorageUnavailable(fault)

    script = ScriptedUpstream(submissions=["up/1"], polls=[RESULT], video=VIDEO)
    async with engine(tmp_path, script) as parts:
        name = (await parts.accept()).name
        await parts.driver.step(name)
        await parts.driver.step(name)
        async with parts.service.download(name, ANYONE, 0, 0, None) as download:
            if fault == "deleted":
                await parts.service.delete(name, ANYONE)
            else:
                monkeypatch.setattr(parts.store, "update", full)
            assert b"".join([chunk async for chunk in download.chunks]) == VIDEO
        known = (download.video.size_bytes, download.video.sha256)
        assert known == (len(VIDEO), hashlib.sha256(VIDEO).hexdigest())
