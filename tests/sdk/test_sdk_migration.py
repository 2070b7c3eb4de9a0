# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The programs in docs/coming-from-google-genai.md run and do the same."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image
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

# The flows of the three examples, in google-genai's own names.
THREE_FLOWS = """
import asyncio
import time
from pathlib import Path

from google import genai
from google.genai import types

client = genai.Client(vertexai=True, project="my-project", location="us-central1")
MODEL = "veo-2.0-generate-001"


def wait(operation):
    while not operation.done:
        time.sleep(0)
        operation = client.operations.get(operation)
    return operation


operation = wait(
    client.models.generate_videos(
        model=MODEL,
        prompt="A dog running through a field of flowers at sunset",
        config=types.GenerateVideosConfig(
            aspect_ratio="16:9", duration_seconds=5, negative_prompt="blurry, low quality"
        ),
    )
)
for index, generated in enumerate(operation.response.generated_videos):
    Path(f"text-{index}.mp4").write_bytes(generated.video.video_bytes)

operation = wait(
    client.models.generate_videos(
        model=MODEL,
        source=types.GenerateVideosSource(
            prompt="Camera slowly pans", image=types.Image.from_file(location="landscape.jpg")
        ),
        config={"aspect_ratio": "16:9", "duration_seconds": 8, "person_generation": "allow_adult"},
    )
)
operation.result.generated_videos[0].video.save("image-0.mp4")


async def generate_and_wait():
    operation = await client.aio.models.generate_videos(model=MODEL, prompt="A cat and yarn")
    while not operation.done:
        named = types.GenerateVideosOperation(name=operation.name)
        operation = await client.aio.operations.get(named)
    print(operation.error, len(operation.response.generated_videos))
    await client.aio.aclose()


asyncio.run(generate_and_wait())
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


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_three_flows_run_on_the_sdk(tmp_path: Path) -> None:
    Image.new("RGB", (1600, 900), "steelblue").save(tmp_path / "landscape.jpg")
    async with simulator(tmp_path) as upstream:
        program = WITH_CREDENTIALS + THREE_FLOWS
        output = await _run(program, tmp_path, GOOGLE_VERTEX_BASE_URL=upstream.base_url)

    _check_flows(tmp_path, output)


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_three_flows_run_on_longtake_with_two_other_imports(tmp_path: Path) -> None:
    Image.new("RGB", (1600, 900), "steelblue").save(tmp_path / "landscape.jpg")
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        output = await _run(_moved(THREE_FLOWS), tmp_path, LONGTAKE_ADDRESS=longtake.address)

    _check_flows(tmp_path, output)


def _check_flows(folder: Path, output: str) -> None:
    assert output == "None 1\n"
    assert len(frames(folder / "text-0.mp4")) == 5 * 24
    assert len(frames(folder / "image-0.mp4")) == 8 * 24
