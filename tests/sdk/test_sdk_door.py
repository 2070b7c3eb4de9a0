# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Programs on Google's SDK run on Longtake without a changed line, moved by their environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PIL import Image
from processes.running import GUARD_SECONDS
from sdk.sdk_door import Door, door
from sdk.sdk_runs import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = pytest.mark.timeout(2 * GUARD_SECONDS)
HD = (1280, 720)

# The flows of the reference's three examples, in the names that google-genai has.
TEXT_TO_VIDEO = """
import time
from google.genai import Client
from google.genai.types import GenerateVideosConfig

client = {client}

config = GenerateVideosConfig(
    aspect_ratio='16:9',
    duration_seconds=4,
    negative_prompt='blurry, low quality'
)

operation = client.models.generate_videos(
    model='veo-3.1-generate-001',
    prompt='A dog running through a field of flowers at sunset',
    config=config
)

print(f"Operation started: {{operation.name}}")

while True:
    operation = client.operations.get(operation)

    if operation.done:
        if operation.error:
            print(f"Error: {{operation.error}}")
        else:
            response = operation.response
            print(f"Generated {{len(response.generated_videos)}} video(s)")

            for i, video in enumerate(response.generated_videos):
                with open(f'generated_{{i}}.mp4', 'wb') as f:
                    f.write(video.video.video_bytes)
        break

    print("Still generating...")
    time.sleep(10)
"""
IMAGE_TO_VIDEO = """
import time
from google.genai import Client
from google.genai.types import Image, GenerateVideosConfig

client = {client}

image = Image.from_file(location='landscape.jpg')

config = GenerateVideosConfig(
    aspect_ratio='16:9',
    duration_seconds=4
)

operation = client.models.generate_videos(
    model='veo-3.1-generate-001',
    prompt='Camera slowly pans across the landscape',
    image=image,
    config=config
)

print(f"Operation: {{operation.name}}")

while not operation.done:
    time.sleep(10)
    operation = client.operations.get(operation)
operation.result.generated_videos[0].video.save('panned.mp4')
"""
ASYNC_POLLING = """
import asyncio
from google.genai import Client

async def generate_and_wait():
    client = {client}

    operation = await client.aio.models.generate_videos(
        model='veo-3.1-generate-001',
        prompt='A cat playing with a ball of yarn'
    )

    print(f"Started operation: {{operation.name}}")

    while not operation.done:
        await asyncio.sleep(10)
        operation = await client.aio.operations.get(operation)
        print("Checking status...")

    if operation.error:
        print(f"Error: {{operation.error}}")
    else:
        print(f"Success! {{len(operation.response.generated_videos)}} videos generated")
        operation.response.generated_videos[0].video.save('yarn.mp4')

asyncio.run(generate_and_wait())
"""
FLOWS = {
    TEXT_TO_VIDEO: ("Generated 1 video(s)", "generated_0.mp4", 4),
    IMAGE_TO_VIDEO: ("Operation: ", "panned.mp4", 4),
    ASYNC_POLLING: ("Success! 1 videos generated", "yarn.mp4", 8),
}
# How each form of the client is moved, and what its operations' names begin with.
FORMS = {
    "Client(vertexai=True)": ("by_key", "publishers/google/"),
    "Client()": ("by_key_alone", "publishers/google/"),
    "Client(vertexai=True, project='PROJECT_ID', location='us-central1')": (
        "by_credentials",
        "projects/PROJECT_ID/locations/us-central1/publishers/google/",
    ),
}


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("form", FORMS)
async def test_the_references_flows_run_on_the_sdk_itself(opened: Door, form: str) -> None:
    Image.new("RGB", HD, "green").save(opened.folder / "landscape.jpg")
    await opened.make_credentials()
    variables, prefix = FORMS[form]

    for flow, (says, file, seconds) in FLOWS.items():
        output = await opened.run(flow.format(client=form), getattr(opened, variables))

        assert says in output
        assert prefix in output
        assert frames(opened.folder / file) == [HD] * (seconds * 24)
