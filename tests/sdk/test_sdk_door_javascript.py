# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The JavaScript SDK of Google, moved by its environment alone, makes videos of Longtake."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from identity.identity_keys import keys_in_new_database
from polyglot.toolchains import BUILD_SECONDS, npm_install
from processes.running import server
from sdk.sdk_door_settings import END, SETTINGS, THREE_SECONDS, environment, http_address
from sdk.sdk_runs import frames

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(__file__).with_name("javascript")

pytestmark = pytest.mark.timeout(BUILD_SECONDS)


@pytest.fixture(scope="module", params=["platform", "developer"])
def told(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Mapping[str, Any]]:
    npm_install(PACKAGE)
    folder = tmp_path_factory.mktemp("javascript")
    return folder, asyncio.run(_told(request.param, folder))


async def _told(mode: str, folder: Path) -> dict[str, Any]:
    (key,) = await keys_in_new_database(folder / "data" / "longtake.db", "ann")
    async with server(folder, None, simulator_latency_seconds="0", **SETTINGS) as longtake:
        await longtake.start()
        process = await asyncio.create_subprocess_exec(
            *("node", PACKAGE / "interactions.js", folder),
            stdout=PIPE,
            env=environment(mode, http_address(longtake), key),
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
    told: dict[str, Any] = json.loads(output)
    return told


@pytest.mark.parametrize("name", ["background", "at_once"])
def test_every_video_is_completed_saved_and_decoded(told: Any, name: str) -> None:
    folder, cases = told
    assert (cases[name]["status"], cases[name]["contents"]) == ("completed", ["video"]), cases
    assert frames(folder / f"{name}.mp4") == THREE_SECONDS


def test_a_stream_tells_the_beginning_and_the_end(told: Any) -> None:
    folder, cases = told
    types = cases["streamed"]["types"]
    assert (types[0], types[-4:]) == ("interaction.created", END)
    assert frames(folder / "streamed.mp4") == THREE_SECONDS


def test_a_stream_that_was_left_resumes_after_its_last_event(told: Any) -> None:
    _, cases = told
    resumed = cases["resumed"]
    assert resumed["seen"] == ["interaction.created", "interaction.status_update"]
    assert "interaction.created" not in resumed["types"]
    assert (resumed["types"][-4:], resumed["distinct"]) == (END, True)


def test_a_failure_is_told_and_raises_nothing(told: Any) -> None:
    _, cases = told
    assert (cases["failed"]["created"], cases["failed"]["status"]) == ("in_progress", "failed")
    assert cases["failed"]["errors"] == [
        {"code": "internal", "message": "Video generation failed."}
    ]


def test_an_interaction_is_cancelled(told: Any) -> None:
    _, cases = told
    assert cases["cancelled"] == {"answer": "cancelled"}


@pytest.mark.parametrize(
    ("name", "said"), [("deleted", "Invalid interaction name"), ("invalid", "99; accepted")]
)
def test_a_refused_call_raises_with_googles_status(told: Any, name: str, said: str) -> None:
    _, cases = told
    assert cases[name]["status"] == 400, cases[name]
    assert said in cases[name]["message"]
