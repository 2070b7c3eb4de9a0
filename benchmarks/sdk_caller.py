# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Does the work with Google's SDK and measures this process, because there is no server.

    python -m benchmarks.sdk_caller BASE_URL EFFORT

Prints the measurements as JSON. Runs in the peers' environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import urllib.parse
import urllib.request
from dataclasses import asdict

from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from benchmarks.peer_work import DURATION_SECONDS, MODEL, RESOLUTION, Effort, work
from benchmarks.programs import Program


class SdkCaller:
    """Polls the simulator with Google's asynchronous client."""

    def __init__(self, client: genai.Client, base_url: str) -> None:
        self._calls = client.aio
        self._base_url = base_url

    async def submit(self, prompt: str) -> str:
        """Start a generation and return Google's name for it."""
        operation = await self._calls.models.generate_videos(
            model=MODEL,
            source=types.GenerateVideosSource(prompt=prompt),
            config=types.GenerateVideosConfig(
                duration_seconds=DURATION_SECONDS, resolution=RESOLUTION
            ),
        )
        return operation.name or ""

    async def read(self, name: str) -> bool:
        """Poll a generation once."""
        return bool((await self._polled(name)).done)

    async def wait(self, name: str) -> None:
        """Wait until the simulator reports the end of the generation."""
        await asyncio.to_thread(self._wait, name)

    async def download(self, name: str) -> int:
        """Poll once more. The response contains the bytes."""
        response = (await self._polled(name)).response
        [generated] = (response.generated_videos if response else None) or []
        return len((generated.video and generated.video.video_bytes) or b"")

    async def _polled(self, name: str) -> types.GenerateVideosOperation:
        operation = types.GenerateVideosOperation()
        operation.name = name
        return await self._calls.operations.get(operation)

    def _wait(self, name: str) -> None:
        query = urllib.parse.urlencode({"operation": name})
        asked = urllib.request.Request(  # noqa: S310 - the simulator uses http
            f"{self._base_url}/simulator/wait?{query}", method="POST"
        )
        urllib.request.urlopen(asked).close()  # noqa: S310 - as above


async def _worked(base_url: str, effort: Effort) -> str:
    client = genai.Client(
        vertexai=True,
        project="benchmark",
        location="us-central1",
        credentials=Credentials("benchmark"),  # type: ignore[no-untyped-call]  # google-auth's own
        http_options=types.HttpOptions(base_url=base_url),
    )
    done = await work(SdkCaller(client, base_url), Program(os.getpid(), base_url), effort)
    await client.aio.aclose()
    return json.dumps(asdict(done))


def main() -> None:
    """Do the work."""
    base_url, effort = sys.argv[1:]
    sys.stdout.write(asyncio.run(_worked(base_url, Effort(**json.loads(effort)))))


if __name__ == "__main__":
    main()
