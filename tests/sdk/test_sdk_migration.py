# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The programs in docs/coming-from-google-genai.md run and do the same."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest
from processes.running import GUARD_SECONDS, server, simulator
from project.markdown_snippets import snippets
from sdk.sdk_runs import ROOT, frames

if TYPE_CHECKING:
    from pathlib import Path

GUIDE = ROOT / "docs" / "coming-from-google-genai.md"
FOUR_SECONDS = [(1280, 720)] * (4 * 24)
# The credentials of a machine in Google Cloud, and a clock that does not wait.
WITH_CREDENTIALS = """
import time

import google.auth
from google.oauth2.credentials import Credentials

google.auth.default = lambda **options: (Credentials("anything"), "my-project")
time.sleep = lambda seconds: None
"""


async def _run(program: str, folder: Path, **variables: str) -> str:
    environment = {name: text for name, text in os.environ.items() if "GOOGLE" not in name}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program,
        cwd=folder,
        env={**environment, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return output.decode()


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_program_on_google_genai_runs(tmp_path: Path) -> None:
    before, *_ = snippets(GUIDE, "python")
    async with simulator(tmp_path) as upstream:
        program = WITH_CREDENTIALS + before
        await _run(program, tmp_path, GOOGLE_VERTEX_BASE_URL=upstream.base_url)

    assert frames(tmp_path / "boat-0.mp4") == FOUR_SECONDS


def _moved(program: str) -> str:
    """Return a program with the imports that the guide says."""
    (difference,) = snippets(GUIDE, "diff")
    lines = difference.splitlines()
    before = "\n".join(line[1:] for line in lines if line.startswith("-"))
    after = "\n".join(line[1:] for line in lines if line.startswith("+"))
    assert program.count(before) == 1
    return program.replace(before, after)


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_program_runs_on_longtake_with_two_other_imports(tmp_path: Path) -> None:
    before, *_ = snippets(GUIDE, "python")
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        program = _moved(before).replace("time.sleep(20)", "time.sleep(0)")
        await _run(program, tmp_path, LONGTAKE_ADDRESS=longtake.address)

    assert frames(tmp_path / "boat-0.mp4") == FOUR_SECONDS


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_programs_on_longtake_run_from_top_to_bottom(tmp_path: Path) -> None:
    _, *after = snippets(GUIDE, "python")
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        output = await _run("\n".join(after), tmp_path, LONGTAKE_ADDRESS=longtake.address)

    assert frames(tmp_path / "boat-0.mp4") == FOUR_SECONDS
    *states, refusal, violation = output.splitlines()
    assert states == ["SUCCEEDED None"]
    assert refusal == "400 INVALID_ARGUMENT"
    assert violation.startswith("config.duration_seconds ")
