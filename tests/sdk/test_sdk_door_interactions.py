# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's SDK, unmodified and moved by its environment alone, makes Omni videos of Longtake."""

from __future__ import annotations

import asyncio
import io
import json
from asyncio.subprocess import PIPE
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from identity.identity_keys import keys_in_new_database
from PIL import Image
from processes.running import GUARD_SECONDS, server, simulator
from sdk.other_sdks import NEWEST, OLDER
from sdk.sdk_door_settings import (
    END,
    SETTINGS,
    THREE_SECONDS,
    environment,
    http_address,
    run_upstream,
)
from sdk.sdk_runs import NEWER, VERSIONS, frames, python_with

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(__file__).with_name("sdk_door_interactions.py")
# Versions of the SDK, the environments that move a client without arguments, and its path then.
PATHS = {
    (NEWER, "platform"): "/v1beta1/interactions",
    (NEWER, "developer"): "/v1/interactions",
    (OLDER, "developer"): "/v1beta/interactions",
    (NEWEST, "platform"): "/v1beta1/interactions",
}
UNKNOWN = {"error": {"code": "invalid_request", "message": "Invalid interaction name"}}
# What is raised, the status, and the code in words.
RAISED = {
    "invalid": ("BadRequestError", 400, "invalid_request"),
    "unknown_member": ("BadRequestError", 400, "invalid_request"),
    "unknown_model": ("NotFoundError", 404, "not_found"),
}

# A run makes ten videos.
pytestmark = pytest.mark.timeout(5 * GUARD_SECONDS)


@dataclass(frozen=True, slots=True)
class Run:
    """What the SDK told of each case, and where the videos are."""

    path: str
    folder: Path
    told: Mapping[str, Any]


@pytest.fixture(scope="module", params=PATHS, ids="-".join)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    version, mode = request.param
    return asyncio.run(_run(version, mode, tmp_path_factory.mktemp(version)))


async def _run(version: str, mode: str, folder: Path) -> Run:
    ann, bob = await keys_in_new_database(folder / "data" / "longtake.db", "ann", "bob")
    file = io.BytesIO()
    Image.new("RGB", (640, 360), "red").save(file, "PNG")
    (folder / "frame.png").write_bytes(file.getvalue())
    async with server(folder, None, simulator_latency_seconds="0", **SETTINGS) as longtake:
        await longtake.start()
        process = await asyncio.create_subprocess_exec(
            *(await python_with(version), PROGRAM, "all", folder),
            stdout=PIPE,
            env=environment(mode, http_address(longtake), ann, bob),
        )
        output, _ = await process.communicate()
        assert process.returncode == 0
        assert "Traceback" not in longtake.log
    said = json.loads(output)
    assert said["version"] == version
    return Run(PATHS[version, mode], folder, said["told"])


@pytest.mark.parametrize("name", ["background", "at_once", "asynchronous", "first_frame"])
def test_every_video_is_completed_saved_and_decoded(run: Run, name: str) -> None:
    told = run.told[name]
    assert told["status"] == "completed", json.dumps(told)
    assert told["steps"] == ["model_output"]
    assert told["video"] == {"uri": None, "mime_type": "video/mp4"}
    assert (told["errors"], told["tokens"]) == ([], None)
    assert frames(run.folder / f"{name}.mp4") == THREE_SECONDS


def test_a_background_interaction_is_in_progress_when_it_was_created(run: Run) -> None:
    told = run.told["background"]
    assert told["created"] == "in_progress"
    assert told["id"].startswith("v1_")


def test_an_interaction_goes_on_from_an_earlier_one(run: Run) -> None:
    told = run.told["edited"]
    assert told["status"] == "completed", json.dumps(told)
    assert len(frames(run.folder / "edited.mp4")) == 3 * 24


@pytest.mark.parametrize("name", ["streamed", "asynchronous"])
def test_a_stream_tells_the_beginning_each_change_and_the_end(run: Run, name: str) -> None:
    types = run.told[name]["types"]
    assert types[0] == "interaction.created"
    assert set(types[1:-4]) == {"interaction.status_update"}
    assert types[-4:] == END
    assert run.told[name]["statuses"][-1] == "completed"
    assert frames(run.folder / "streamed.mp4") == THREE_SECONDS


def test_a_stream_that_was_left_resumes_after_its_last_event(run: Run) -> None:
    told = run.told["resumed"]
    assert told["seen"] == ["interaction.created", "interaction.status_update"]
    assert Counter(told["types"])["interaction.created"] == 0
    assert told["types"][-4:] == END
    assert told["distinct"] is True
    assert told["again"] == ["interaction.created", *END]


def test_a_refusal_is_completed_without_a_video(run: Run) -> None:
    told = run.told["filtered"]
    assert (told["status"], told["video"], told["errors"]) == ("completed", None, [])
    assert "Support codes: 29310472" in told["text"]


def test_a_failure_is_told_and_raises_nothing(run: Run) -> None:
    told = run.told["failed"]
    assert (told["created"], told["status"], told["video"]) == ("in_progress", "failed", None)
    assert told["errors"] == [["internal", "Video generation failed."]]
    streamed = run.told["streamed_failure"]
    assert streamed["types"][-2:] == ["interaction.status_update", "error"]
    assert (streamed["statuses"][-1], streamed["error"]) == ("failed", "internal")


def test_an_interaction_is_cancelled_once(run: Run) -> None:
    told = run.told["cancelled"]
    assert (told["answer"], told["after"]) == ("cancelled", "cancelled")
    assert (told["again"]["raised"], told["again"]["status_code"]) == ("BadRequestError", 400)


def test_a_deleted_interaction_is_unknown_and_so_is_anothers(run: Run) -> None:
    deleted, others = run.told["deleted"], run.told["anothers"]
    for told in (deleted["got"], deleted["again"], others["got"], others["never"]):
        assert (told["raised"], told["status_code"]) == ("BadRequestError", 400)
        assert told["body"] == UNKNOWN
        assert told["path"].startswith(run.path)


@pytest.mark.parametrize("name", RAISED)
def test_a_refused_call_raises_with_googles_code(run: Run, name: str) -> None:
    told = run.told[name]
    raised, status, code = RAISED[name]
    assert (told.get("raised"), told.get("status_code")) == (raised, status)
    assert told["body"]["error"]["code"] == code


def test_a_wrong_member_is_named(run: Run) -> None:
    messages = {
        name: run.told[name]["body"]["error"]["message"] for name in ("invalid", "unknown_member")
    }
    assert messages["invalid"].startswith("response_format.duration: 99; accepted")
    assert messages["unknown_member"] == "surprise: there is no such member"


def test_an_idempotency_key_makes_two_calls_one_interaction(run: Run) -> None:
    assert run.told["repeated"] == {"same": True}


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_killed_server_costs_no_second_generation_and_a_stream_resumes(
    tmp_path: Path, version: str
) -> None:
    (key,) = await keys_in_new_database(tmp_path / "data" / "longtake.db", "ann")
    async with simulator(tmp_path) as upstream, server(tmp_path, upstream, **SETTINGS) as longtake:
        stub = await longtake.start()
        address = http_address(longtake)
        longtake.environment["LONGTAKE_HTTP_LISTEN"] = address
        await upstream.tell("hold")
        python, variables = await python_with(version), environment("platform", address, key)
        surviving, waiting = [
            await asyncio.create_subprocess_exec(
                *(python, PROGRAM, which, tmp_path), stdout=PIPE, env=variables
            )
            for which in ("survive", "wait")
        ]
        assert surviving.stdout is not None
        identifier = json.loads(await surviving.stdout.readline())["id"]
        await run_upstream(stub, key, 2)
        await longtake.process.kill()
        await longtake.start()
        await upstream.tell("release")
        survived, _ = await surviving.communicate()
        waited, _ = await waiting.communicate()
        counted = await upstream.statistics()
    told = json.loads(survived)["told"]

    assert identifier.startswith("v1_")
    assert (told["types"][0], told["types"][-4:]) == ("interaction.created", END)
    assert Counter(told["types"])["interaction.created"] == 1
    assert told["distinct"] is True
    assert told["ended"]["status"] == "completed"
    assert len(frames(tmp_path / "survived.mp4")) == 3 * 24
    # The SDK repeats no call whose answer breaks off.
    assert "raised" in json.loads(waited)["told"]
    assert counted["submissions_received"] == 2
