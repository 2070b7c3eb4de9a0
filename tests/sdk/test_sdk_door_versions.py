# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's SDKs of other versions and languages generate through Longtake, unmodified."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from polyglot.toolchains import BUILD_SECONDS, ROOT, need, npm_install, run
from sdk.other_sdks import NEWEST, OLDER, other_python
from sdk.sdk_door import door
from sdk.sdk_runs import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sdk.sdk_door import Door

pytestmark = pytest.mark.timeout(BUILD_SECONDS)
FOUR_SECONDS = [(1280, 720)] * (4 * 24)
EXPRESS = "publishers/google/models/veo-3.1-generate-001/operations/"
PROJECT = f"projects/p/locations/l/{EXPRESS}"

PYTHON = """
import time
from google.genai import Client
client = {client}
operation = client.models.generate_videos(
    model="veo-3.1-generate-001", prompt="a paper boat", config={{"duration_seconds": 4}}
)
print(operation.name)
while not operation.done:
    time.sleep(10)
    operation = client.operations.get(operation)
(generated,) = operation.response.generated_videos
generated.video.save("python.mp4")
"""
# How each form of the client is moved, and what its operations' names begin with.
FORMS = {
    "Client(vertexai=True)": ("by_key", EXPRESS),
    "Client(vertexai=True, project='p', location='l')": ("by_credentials", PROJECT),
}


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("version", [OLDER, NEWEST])
@pytest.mark.parametrize("form", FORMS)
async def test_another_version_for_python(opened: Door, version: str, form: str) -> None:
    python = await asyncio.to_thread(other_python, version)
    variables, prefix = FORMS[form]

    program = PYTHON.format(client=form)
    output = await opened.run(program, getattr(opened, variables), python)

    assert output.startswith(prefix)
    assert frames(opened.folder / "python.mp4") == FOUR_SECONDS


@pytest.mark.parametrize(
    ("options", "variables"), [({"vertexai": True}, "by_key"), ({}, "by_key_alone")]
)
async def test_the_sdk_for_javascript(
    opened: Door, options: dict[str, bool], variables: str
) -> None:
    package = Path(__file__).with_name("javascript")
    await asyncio.to_thread(npm_install, package)
    program = ("node", package / "veo.js", json.dumps(options))

    output = await opened.output(*program, variables=getattr(opened, variables))

    assert output.startswith(EXPRESS)
    assert frames(opened.folder / "node.mp4") == FOUR_SECONDS


@pytest.mark.parametrize(
    ("arguments", "variables", "prefix"),
    [((), "by_key", EXPRESS), (("p", "l"), "by_credentials", PROJECT)],
)
async def test_the_sdk_for_go(
    opened: Door, arguments: tuple[str, ...], variables: str, prefix: str
) -> None:
    need("go")
    module, binary = Path(__file__).with_name("go_door"), ROOT / "build" / "go" / "door"
    await asyncio.to_thread(run, "go", "vet", "-p=1", "./...", folder=module)
    await asyncio.to_thread(run, "go", "build", "-p=1", "-o", binary, ".", folder=module)

    output = await opened.output(binary, *arguments, variables=getattr(opened, variables))

    assert output.startswith(prefix)
    assert frames(opened.folder / "go.mp4") == FOUR_SECONDS
