# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The code in the client's README does what the text says, against the service on its simulator."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import textwrap
from pathlib import Path

import pytest
from PIL import Image
from processes.running import GUARD_SECONDS, server

README = Path(__file__).parents[2] / "client_stubs" / "python" / "README.md"


def _blocks() -> list[str]:
    found = re.findall(r"^( *)```python\n(.*?)^ *```", README.read_text(), re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block) for _, block in found]


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_code_in_the_readme_runs_from_top_to_bottom(tmp_path: Path) -> None:
    Image.new("RGB", (1280, 720), "steelblue").save(tmp_path / "landscape.jpg")
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "\n".join(_blocks()),
            cwd=tmp_path,
            env={**os.environ, "LONGTAKE_ADDRESS": longtake.address},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        output, errors = await process.communicate()

    assert process.returncode == 0, errors.decode()
    lines = output.decode().splitlines()
    # A watch may skip states that are over before it begins.
    assert set(lines[: lines.index("SUCCEEDED")]) <= {"QUEUED", "SUBMITTING", "RUNNING"}
    assert "400 INVALID_FIELD" in lines
    assert (tmp_path / "boat.mp4").stat().st_size == int(lines[lines.index("SUCCEEDED") + 1])
    assert (tmp_path / "cat.mp4").exists()
