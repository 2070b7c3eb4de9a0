# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a program against a simulator with a version of Google's SDK, and reads its videos."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.request
from pathlib import Path
from typing import Any

import av
from processes.running import GUARD_SECONDS
from sdk.other_sdks import OLDER, other_python

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
NEWER = "3.4.0"
VERSIONS = (NEWER, OLDER)


async def told_by(
    program: Path, version: str, mode: str, base_url: str, folder: Path
) -> dict[str, Any]:
    """Return what a program prints of each of its cases.

    Skips the test if that version of the SDK cannot be had.
    """
    python = await python_with(version)
    # The SDK would find projects, keys and addresses in the environment.
    environment = {name: text for name, text in os.environ.items() if "GOOGLE" not in name}
    process = await asyncio.create_subprocess_exec(
        python, "-W", "error::DeprecationWarning:google.genai",
        program, mode, base_url, folder,
        stdout=asyncio.subprocess.PIPE, env={**environment, "PYTHONPATH": str(TESTS)},
    )  # fmt: skip
    output, _ = await process.communicate()
    assert process.returncode == 0
    said = json.loads(output)
    assert said["version"] == version
    told: dict[str, Any] = said["told"]
    return told


async def python_with(version: str) -> Path:
    """Return the interpreter that has a version of the SDK.

    Skips the test if that version cannot be had.
    """
    if version == NEWER:
        return Path(sys.executable)
    return await asyncio.to_thread(other_python, version)


def read_object(base_url: str, address: str) -> bytes:
    """Return what is at a gs:// address of the simulator."""
    bucket, _, name = address.removeprefix("gs://").partition("/")
    path = f"/storage/v1/b/{bucket}/o/{name.replace('/', '%2F')}?alt=media"
    headers = {"authorization": "Bearer anything"}
    asked = urllib.request.Request(base_url + path, headers=headers)  # noqa: S310 - http of the simulator
    with urllib.request.urlopen(asked, timeout=GUARD_SECONDS) as answer:  # noqa: S310 - likewise
        data: bytes = answer.read()
        return data


def frames(video: Path) -> list[tuple[int, int]]:
    """Decode a video; return the width and the height of each frame."""
    with av.open(str(video)) as container:
        return [(frame.width, frame.height) for frame in container.decode(video=0)]
