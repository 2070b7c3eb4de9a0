# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The README's first call by curl, run as it stands there."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from edge.edge_running import ROOT, edge
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

ADDRESS = "http://127.0.0.1:8080"


def first_call() -> str:
    [block] = re.findall(r"^```\n(edge=.*?)^```", (ROOT / "README.md").read_text(), re.M | re.S)
    assert ADDRESS in block
    return str(block)


@pytest.mark.timeout(GUARD_SECONDS)
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
async def test_the_first_call_by_curl_makes_a_video(tmp_path: Path) -> None:
    async with edge(tmp_path) as running:
        process = await asyncio.create_subprocess_exec(
            "bash", "-euo", "pipefail", "-c", first_call().replace(ADDRESS, running.url),
            cwd=tmp_path, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, _ = await process.communicate()

    assert process.returncode == 0
    last = json.loads(output.decode().strip().split("\n\n")[-1].removeprefix("data: "))
    video = last["operation"]["response"]["generatedVideos"][0]["video"]
    found = (tmp_path / "boat.mp4").read_bytes()
    assert hashlib.sha256(found).hexdigest() == video["sha256"]
