# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The code in the READMEs does what the text says, also when a generation fails."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from fakes.video_service import Call, video_service
from PIL import Image
from processes.running import GUARD_SECONDS, server
from project.markdown_snippets import snippets
from stubs.stubs_messages import failed, operation, seen, succeeded

ROOT = Path(__file__).parents[2]
README = ROOT / "client_stubs" / "python" / "README.md"

first_calls = pytest.mark.parametrize(
    "document",
    [ROOT / "README.md", README],
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)


def _first_call(document: Path) -> str:
    """Return the code up to the first line that saves a video, and the rest of its block."""
    blocks = snippets(document, "python")
    saving = next(index for index, block in enumerate(blocks) if ".save(" in block)
    return "\n".join(blocks[: saving + 1])


def _run(program: str, address: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**os.environ, "LONGTAKE_ADDRESS": address},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_code_in_the_readme_runs_from_top_to_bottom(tmp_path: Path) -> None:
    Image.new("RGB", (1280, 720), "steelblue").save(tmp_path / "landscape.jpg")
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", "\n".join(snippets(README, "python")),
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


@first_calls
def test_the_first_call_says_why_a_generation_failed(document: Path, tmp_path: Path) -> None:
    with video_service(
        Call("GenerateVideos", operation()), Call("WatchOperation", seen(failed()))
    ) as service:
        run = _run(_first_call(document), service.address, tmp_path)

    assert run.stderr.splitlines()[-1] == (
        "longtake.errors.OperationFailed: INTERNAL: The upstream failed."
    )
    assert list(tmp_path.iterdir()) == []


@first_calls
def test_the_first_call_copes_with_videos_that_were_withheld(
    document: Path, tmp_path: Path
) -> None:
    ended = succeeded(videos=0, withheld=1)
    with video_service(
        Call("GenerateVideos", operation()), Call("WatchOperation", seen(ended))
    ) as service:
        run = _run(_first_call(document), service.address, tmp_path)

    assert (run.returncode, run.stderr) == (0, "")
