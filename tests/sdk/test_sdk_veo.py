# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's SDK, unmodified, in two versions and two modes, is a client of the simulator."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PIL import Image, ImageDraw
from processes.running import simulator
from sdk.other_sdks import OLDER
from sdk.sdk_runs import NEWER, frames, read_object, told_by

if TYPE_CHECKING:
    from collections.abc import Mapping

CALLS = Path(__file__).with_name("sdk_calls.py")
# The two modes have other paths and the same messages, which the versions differ in.
RUNS = (f"{NEWER}-credentials", f"{NEWER}-express", f"{OLDER}-credentials")
SIZE = (1280, 720)
# Seconds that the video of each case shall have.
SUCCESSES = {
    "text": 4,
    "image": 4,
    "first_and_last_frame": 4,
    "references": 8,
    "extension": 4 + 7,
    "mask_edit": 4,
    "partly_filtered": 4,
    "asynchronous": 4,
}
REFUSALS = {
    "invalid": ("ClientError", 400, "INVALID_ARGUMENT"),
    "rejected": ("ClientError", 400, "INVALID_ARGUMENT"),
    "quota": ("ClientError", 429, "RESOURCE_EXHAUSTED"),
    "unknown_model": ("ClientError", 404, "NOT_FOUND"),
    "unavailable": ("ServerError", 503, "UNAVAILABLE"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What the SDK told of each case, and where it saved the videos."""

    version: str
    mode: str
    folder: Path
    told: Mapping[str, Any]
    statistics: Mapping[str, int]
    in_bucket: bytes


@pytest.fixture(scope="module", params=RUNS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    version, mode = request.param.split("-")
    return asyncio.run(_run(version, mode, tmp_path_factory.mktemp(request.param)))


async def _run(version: str, mode: str, folder: Path) -> Run:
    _draw_inputs(folder)
    async with simulator(folder) as upstream:
        told = await told_by(CALLS, version, mode, upstream.base_url, folder)
        address = told["bucket"]["videos"][0]["uri"]
        in_bucket = await asyncio.to_thread(read_object, upstream.base_url, address)
        return Run(version, mode, folder, told, await upstream.statistics(), in_bucket)


def _draw_inputs(folder: Path) -> None:
    for name, colour in (("first", "red"), ("last", "blue")):
        Image.new("RGB", SIZE, colour).save(folder / f"{name}.png")
    mask = Image.new("L", SIZE)
    ImageDraw.Draw(mask).rectangle((200, 200, 500, 500), fill=255)
    mask.save(folder / "mask.png")


def test_every_generation_is_started_polled_saved_and_decoded(run: Run) -> None:
    for name, seconds in SUCCESSES.items():
        told = run.told[name]
        assert told["done"] is True, (name, told)
        assert told["error"] is None
        assert told["videos"] == [{"uri": None, "mime_type": "video/mp4"}]
        assert frames(run.folder / f"{name}_0.mp4") == [SIZE] * (seconds * 24), name


def test_a_generation_has_just_started_when_its_call_returns(run: Run) -> None:
    prefix = "projects/p/locations/us-central1/" if run.mode == "credentials" else ""
    assert run.told["text"]["started_done"] is None
    assert run.told["text"]["name"].startswith(
        f"{prefix}publishers/google/models/veo-3.1-generate-001/operations/"
    )


def test_a_result_in_a_bucket_is_an_address_with_a_video_behind_it(run: Run) -> None:
    (video,) = run.told["bucket"]["videos"]
    assert video["uri"].startswith("gs://results/of/sdk/")
    assert video["uri"].endswith("/sample_0.mp4")
    assert video["mime_type"] == "video/mp4"
    (run.folder / "bucket_0.mp4").write_bytes(run.in_bucket)
    assert frames(run.folder / "bucket_0.mp4") == [SIZE] * (4 * 24)


def test_withheld_videos_are_counted_and_explained(run: Run) -> None:
    whole, part = run.told["filtered"], run.told["partly_filtered"]
    assert whole["error"] is None
    assert whole["videos"] == []
    assert len(part["videos"]) == 1
    for told in (whole, part):
        assert told["done"] is True
        assert told["filtered_count"] == 1
        (reason,) = told["filtered_reasons"]
        assert "Support codes: 29310472" in reason
    assert run.told["text"]["filtered_count"] == 0


def test_a_failed_generation_is_an_error_and_raises_nothing(run: Run) -> None:
    failed, refused = run.told["failed"], run.told["refused"]
    assert failed["error"] == {"code": 13, "message": "Video generation failed."}
    assert refused["error"]["code"] == 3
    assert "Support codes: 58061214" in refused["error"]["message"]
    for told in (failed, refused):
        assert told["done"] is True
        assert told["videos"] == []
        assert told["filtered_count"] is None


@pytest.mark.parametrize("name", REFUSALS)
def test_a_refused_call_raises_the_sdks_own_error(run: Run, name: str) -> None:
    told = run.told[name]
    raised, code, status = REFUSALS[name]
    assert (told.get("raised"), told.get("code"), told.get("status")) == (raised, code, status)
    assert told["message"]
    assert told["details"]["error"]["code"] == code


def test_the_errors_details_reach_the_sdk(run: Run) -> None:
    quota = {one["@type"]: one for one in run.told["quota"]["details"]["error"]["details"]}
    assert quota["type.googleapis.com/google.rpc.RetryInfo"]["retryDelay"] == "3s"
    (invalid,) = run.told["invalid"]["details"]["error"]["details"]
    (violation,) = invalid["fieldViolations"]
    assert violation["field"] == "parameters.durationSeconds"


def test_the_sdk_submits_once_whatever_it_is_answered(run: Run) -> None:
    assert run.statistics["submissions_received"] == len(run.told)
    refused = sum("raised" in told for told in run.told.values())
    assert refused == len(REFUSALS)
    assert run.statistics["submissions_accepted"] == len(run.told) - refused
    assert run.statistics["polls"] == len(run.told) - refused
