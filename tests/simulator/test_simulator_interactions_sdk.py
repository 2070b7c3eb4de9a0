# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's own SDK against the simulator, unmodified."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from google import genai
from google.genai.types import HttpOptions
from google.oauth2.credentials import Credentials
from processes.running import GUARD_SECONDS, simulator
from simulator.interaction_calls import FPS, MODEL, SMALL, shape

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from processes.running import Simulator

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path_factory.mktemp("simulator")) as one:
        yield one


@pytest.fixture(params=["developer", "platform", "express"])
def sdk(request: pytest.FixtureRequest, running: Simulator) -> genai.Client:
    base = HttpOptions(base_url=running.base_url)
    if request.param == "developer":
        return genai.Client(api_key="k", http_options=base)
    if request.param == "express":
        return genai.Client(vertexai=True, api_key="k", http_options=base)
    credentials = Credentials("t")  # type: ignore[no-untyped-call]  # google-auth has no types
    return genai.Client(
        vertexai=True,
        project="p",
        location="global",
        credentials=credentials,
        http_options=base,
    )


async def test_it_creates_gets_cancels_and_deletes(sdk: genai.Client) -> None:
    api: Any = sdk.interactions
    wanted = {"model": MODEL, "response_format": SMALL}
    done = await asyncio.to_thread(api.create, input="a dog", **wanted)
    assert done.status == "completed"
    open_still = await asyncio.to_thread(
        api.create, input="a dog [sim:never]", background=True, **wanted
    )
    assert (await asyncio.to_thread(api.get, open_still.id)).status == "in_progress"
    assert (await asyncio.to_thread(api.cancel, open_still.id)).status == "cancelled"
    await asyncio.to_thread(api.delete, open_still.id)
    with pytest.raises(Exception, match="Invalid interaction name"):
        await asyncio.to_thread(api.get, open_still.id)


async def test_it_streams(sdk: genai.Client) -> None:
    api: Any = sdk.interactions

    def stream() -> list[Any]:
        contents = [{"type": "text", "text": "a dog"}]
        return list(api.create(input=contents, model=MODEL, response_format=SMALL, stream=True))

    told = await asyncio.to_thread(stream)
    assert [one.event_type for one in told][-1] == "interaction.completed"


async def test_it_downloads_a_file(running: Simulator) -> None:
    sdk = genai.Client(api_key="k", http_options=HttpOptions(base_url=running.base_url))
    api: Any = sdk.interactions
    done = await asyncio.to_thread(
        api.create, input="a dog", model=MODEL, response_format={**SMALL, "delivery": "uri"}
    )
    files: Any = sdk.files
    data = await asyncio.to_thread(files.download, file=done.output_video.uri)
    assert shape(data) == (640, 360, 3 * FPS)
