# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Faults between Google's SDK and Longtake cost no generation, and no second one."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest
from processes.running import GUARD_SECONDS, simulator
from sdk.other_sdks import NEWEST, other_python
from sdk.sdk_door import door
from sdk.sdk_dropping import dropping
from sdk.sdk_runs import frames

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(2 * GUARD_SECONDS)
FOUR_SECONDS = [(1280, 720)] * (4 * 24)
MODEL = "veo-3.1-lite-generate-001"
KEY = "an order of mine, number 7"

# It says when it is about to poll, and polls once it is told to.
POLLING = f"""
import sys
from google.genai import Client
client = Client(vertexai=True, project="p", location="l")
operation = client.models.generate_videos(
    model="{MODEL}", prompt="a boat", config={{"duration_seconds": 4}}
)
while not operation.done:
    print("polling", flush=True)
    sys.stdin.readline()
    operation = client.operations.get(operation)
operation.response.generated_videos[0].video.save("boat.mp4")
"""
AGAIN = f"""
from google.genai import Client
from google.genai.types import HttpOptions
client = Client(vertexai=True)
options = HttpOptions(headers={{"Idempotency-Key": "{KEY}"}})
for attempt in range(2):
    try:
        operation = client.models.generate_videos(
            model="{MODEL}", prompt="a boat", config={{"http_options": options}}
        )
    except Exception as error:
        print(type(error).__name__)
print(operation.name)
"""
# aiohttp sends the request again by itself, and the program sees nothing of it.
HIDDEN = f"""
import asyncio
import sys
from google.genai import Client
from google.genai.types import HttpOptions
async def main():
    client = Client(vertexai=True)
    options = HttpOptions(headers={{"Idempotency-Key": "{KEY}"}})
    operation = await client.aio.models.generate_videos(
        model="{MODEL}", prompt="a boat", config={{"http_options": options}}
    )
    print(operation.name)
asyncio.run(main())
"""


async def test_a_polling_sdk_does_not_notice_that_longtake_was_killed(tmp_path: Path) -> None:
    async with simulator(tmp_path) as upstream, door(tmp_path, upstream) as opened:
        await upstream.tell("hold")
        program = await opened.started(
            *(sys.executable, "-c", POLLING), variables=opened.by_credentials
        )
        assert program.stdin is not None
        assert program.stdout is not None

        # A server that is killed before its first poll cannot know whether it has submitted.
        await upstream.wait(polls=1)
        for _ in range(2):
            assert await program.stdout.readline() == b"polling\n"
            await opened.restart()
            program.stdin.write(b"\n")
        await upstream.tell("release")
        while await program.stdout.readline() == b"polling\n":
            program.stdin.write(b"\n")
        _, errors = await program.communicate()
        statistics = await upstream.statistics()

    assert program.returncode == 0, errors.decode()
    assert frames(tmp_path / "boat.mp4") == FOUR_SECONDS
    assert statistics["submissions_received"] == 1


async def test_a_call_repeated_after_a_lost_answer_is_one_paid_generation(tmp_path: Path) -> None:
    async with simulator(tmp_path) as upstream, door(tmp_path, upstream) as opened:
        async with dropping(opened.base_url) as way:
            moved = {**opened.by_key, "GOOGLE_VERTEX_BASE_URL": way.base_url}
            failed, name = (await opened.run(AGAIN, moved)).split()
        await upstream.wait(submissions=1)
        stored = await opened.server.usage()
        statistics = await upstream.statistics()

    assert failed
    assert "/operations/" in name
    assert len(way.requests) == 2
    assert sum(row["accepted"] for row in stored) == 1
    assert statistics["submissions_received"] == 1


async def test_the_second_post_that_the_sdk_hides_is_one_paid_generation(tmp_path: Path) -> None:
    python = await asyncio.to_thread(other_python, NEWEST)
    async with simulator(tmp_path) as upstream, door(tmp_path, upstream) as opened:
        async with dropping(opened.base_url) as way:
            moved = {**opened.by_key, "GOOGLE_VERTEX_BASE_URL": way.base_url}
            name = await opened.run(HIDDEN, moved, python)
        await upstream.wait(submissions=1)
        stored = await opened.server.usage()
        statistics = await upstream.statistics()

    assert "/operations/" in name
    assert [f"Idempotency-Key: {KEY}" in one for one in way.requests] == [True, True]
    assert sum(row["accepted"] for row in stored) == 1
    assert statistics["submissions_received"] == 1
