# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Google's SDK, unmodified, makes Omni videos of the simulator, in two versions and two modes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from processes.running import simulator
from sdk.other_sdks import OLDER
from sdk.sdk_runs import NEWER, VERSIONS, frames, read_object, told_by

if TYPE_CHECKING:
    from collections.abc import Mapping

PROGRAM = Path(__file__).with_name("sdk_interactions.py")
MODES = ("credentials", "developer")
THREE_SECONDS = [(640, 360)] * (3 * 24)
PLATFORM_PATH = "/v1beta1/projects/p/locations/global/interactions"
DEVELOPER_PATHS = {NEWER: "/v1/interactions", OLDER: "/v1beta/interactions"}
INLINE = ("background", "at_once", "asynchronous", "quota", "unavailable", "proxy")
STREAM = [
    "interaction.created",
    "interaction.status_update",
    "step.start",
    "step.delta",
    "step.stop",
    "interaction.completed",
]
UNKNOWN = {"error": {"code": "invalid_request", "message": "Invalid interaction name"}}
# What is raised, the status, and the code in words.
RAISED = {
    "invalid": ("BadRequestError", 400, "invalid_request"),
    "rejected": ("BadRequestError", 400, "invalid_request"),
    "cancelled_twice": ("BadRequestError", 400, "invalid_request"),
    "unknown_model": ("NotFoundError", 404, "not_found"),
    "quota_always": ("RateLimitError", 429, "too_many_requests"),
}


@dataclass(frozen=True, slots=True)
class Run:
    """What the SDK told of each case, and where the videos are."""

    version: str
    mode: str
    folder: Path
    told: Mapping[str, Any]

    @property
    def path(self) -> str:
        """Where this version, in this mode, looks for interactions."""
        return PLATFORM_PATH if self.mode == "credentials" else DEVELOPER_PATHS[self.version]


@pytest.fixture(scope="module", params=[f"{v}-{m}" for v in VERSIONS for m in MODES])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    version, mode = request.param.split("-")
    return asyncio.run(_run(version, mode, tmp_path_factory.mktemp(request.param)))


async def _run(version: str, mode: str, folder: Path) -> Run:
    async with simulator(folder) as upstream:
        told = await told_by(PROGRAM, version, mode, upstream.base_url, folder)
        if mode == "credentials":
            address = told["by_address"]["video"]["uri"]
            data = await asyncio.to_thread(read_object, upstream.base_url, address)
            (folder / "by_address.mp4").write_bytes(data)
        return Run(version, mode, folder, told)


@pytest.mark.parametrize("name", INLINE)
def test_every_video_is_completed_saved_and_decoded(run: Run, name: str) -> None:
    told = run.told[name]
    assert told["status"] == "completed", told
    assert told["steps"] == ["model_output"]
    assert told["video"] == {"uri": None, "mime_type": "video/mp4"}
    assert told["errors"] == []
    assert told["output_tokens"] == 3 * 1931
    assert frames(run.folder / f"{name}.mp4") == THREE_SECONDS


def test_a_background_interaction_is_in_progress_when_it_was_created(run: Run) -> None:
    told = run.told["background"]
    assert (told["created"], told["same_id"]) == ("in_progress", True)
    assert (told["sent"], told["started"], told["polls"]) == (1, 1, 1)


def test_a_video_by_address_has_a_video_behind_it(run: Run) -> None:
    address = run.told["by_address"]["video"]["uri"]
    downloaded = run.told["downloaded"]
    if run.mode == "credentials":
        assert address.startswith("gs://results/of/sdk/")
        assert frames(run.folder / "by_address.mp4") == THREE_SECONDS
        assert downloaded["raised"] == "ValueError", "the SDK reads no buckets"
    else:
        assert address.startswith("https://generativelanguage.googleapis.com/v1beta/files/")
        assert downloaded["status"] == "completed"
        assert frames(run.folder / "downloaded.mp4") == THREE_SECONDS


def test_upscale_which_the_older_sdk_does_not_know_is_sent_by_both(run: Run) -> None:
    assert run.told["upscaled"]["status"] == "completed"
    assert frames(run.folder / "upscaled.mp4") == [(1920, 1080)] * (3 * 24)


def test_a_stream_tells_all_and_brings_the_video(run: Run) -> None:
    told = run.told["streamed"]
    assert (told["types"], told["deltas"]) == (STREAM, ["video"])
    assert told["statuses"] == ["in_progress", "completed"]
    assert frames(run.folder / "streamed.mp4") == THREE_SECONDS


def test_a_stream_of_a_refusal_has_words_and_that_of_a_failure_an_error(run: Run) -> None:
    refusal, failure = run.told["streamed_filter"], run.told["streamed_failure"]
    assert (refusal["types"], refusal["deltas"]) == (STREAM, ["text"])
    assert refusal["statuses"] == ["in_progress", "completed"]
    assert failure["statuses"] == ["in_progress", "failed"]
    assert (failure["types"][-1], failure["error"]) == ("error", "internal")


def test_a_stream_that_was_cut_is_resumed_after_its_last_event(run: Run) -> None:
    told = run.told["cut"]
    assert told["broken"]["raised"] == "APIConnectionError"
    assert (told["seen"], told["types"]) == (STREAM[:2], STREAM[2:])
    assert told["whole"] == STREAM
    assert told["numbered"] == len(STREAM), "no event came twice"
    assert frames(run.folder / "cut.mp4") == THREE_SECONDS
    asked_for = run.folder / "cut_and_asked_for.mp4"
    assert asked_for.read_bytes() == (run.folder / "cut.mp4").read_bytes()
    assert (told["sent"], told["started"]) == (1, 1), "the SDK does not start it again"


def test_an_interaction_is_cancelled_once(run: Run) -> None:
    told = run.told["cancelled"]
    statuses = [told[when] for when in ("before", "answer", "after")]
    assert statuses == ["in_progress", "cancelled", "cancelled"]
    message = run.told["cancelled_twice"]["body"]["error"]["message"]
    assert message == "Only background interactions that are still running can be cancelled."


def test_an_interaction_that_was_deleted_is_unknown(run: Run) -> None:
    for told in (run.told["deleted"]["got"], run.told["deleted"]["again"]):
        assert (told["raised"], told["status_code"]) == ("BadRequestError", 400)
        assert told["body"] == UNKNOWN


@pytest.mark.parametrize(("name", "code"), [("filtered", "29310472"), ("refused", "58061214")])
def test_a_refusal_is_completed_without_a_video(run: Run, name: str, code: str) -> None:
    told = run.told[name]
    assert (told["status"], told["video"], told["errors"]) == ("completed", None, [])
    assert told["text"].endswith(f"Support codes: {code}")


def test_a_failure_is_told_and_raises_nothing(run: Run) -> None:
    told = run.told["failed"]
    assert (told["created"], told["status"]) == ("in_progress", "failed")
    assert told["errors"] == [["internal", "Video generation failed."]]
    assert (told["video"], told["text"]) == (None, "")


@pytest.mark.parametrize("name", RAISED)
def test_a_refused_call_raises_what_is_no_public_error_of_the_sdk(run: Run, name: str) -> None:
    told = run.told[name]
    raised, status, code = RAISED[name]
    assert (told.get("raised"), told.get("status_code")) == (raised, status)
    assert told["body"]["error"]["code"] == code
    assert told["is_public"] is False, "google.genai.errors.APIError does not catch it"
    assert told["path"].startswith(run.path)


def test_an_invalid_request_names_its_field(run: Run) -> None:
    told = run.told["invalid"]
    assert told["body"]["error"]["message"].startswith("response_format.duration: '99s'")
    assert (told["sent"], told["started"]) == (1, 0)


def test_only_the_newer_sdk_has_automatic_continuation(run: Run) -> None:
    told = run.told["continued"]
    if run.version == NEWER:
        assert told["status"] == "in_progress"
    else:
        assert told["raised"] == "TypeError"
        assert "automatic_continuation" in told["message"]
        assert told["sent"] == 0


# From here on: what the SDK does by itself. Longtake has its own rules for when a paid
# submission may be sent again, and does not follow these.


@pytest.mark.parametrize("name", ["quota", "unavailable", "proxy"])
def test_the_sdk_sends_a_paid_submission_again_unasked_on_429_and_5xx(run: Run, name: str) -> None:
    assert (run.told[name]["sent"], run.told[name]["started"]) == (2, 1)


def test_the_sdk_gives_up_after_five_submissions_and_the_older_after_four(run: Run) -> None:
    told = run.told["quota_always"]
    assert (told["sent"], told["started"]) == ({NEWER: 5, OLDER: 4}[run.version], 0)


@pytest.mark.parametrize("name", ["quota_of_one_attempt", "quota_of_no_attempts"])
def test_one_attempt_is_one_submission_but_two_in_the_older_sdk(run: Run, name: str) -> None:
    """The older documents 0 and 1 as no retries, and takes both as one retry."""
    told = run.told[name]
    assert told["raised"] == "RateLimitError"
    assert told["sent"] == {NEWER: 1, OLDER: 2}[run.version]


def test_the_sdk_asks_again_for_an_interaction_on_503(run: Run) -> None:
    told = run.told["unavailable_poll"]
    assert (told["status"], told["sent"], told["polls"]) == ("completed", 1, 2)


def test_an_answer_that_breaks_off_is_not_asked_for_again_and_its_job_is_lost(run: Run) -> None:
    told = run.told["dropped"]
    assert told["raised"] == "APIConnectionError"
    assert (told["sent"], told["started"]) == (1, 1)


def test_an_answer_that_is_no_json_raises_in_the_older_sdk_the_error_of_json(run: Run) -> None:
    told = run.told["garbage"]
    raised = {NEWER: "APIResponseValidationError", OLDER: "JSONDecodeError"}[run.version]
    assert (told["raised"], told["sent"], told["started"]) == (raised, 1, 0)
