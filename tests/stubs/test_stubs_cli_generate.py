# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake generate` and `longtake watch`."""

from __future__ import annotations

import errno
import json
import os
import uuid
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.rpc import code_pb2
from stubs.stubs_config import IN_THE_CONTRACT, JPEG, PNG
from stubs.stubs_messages import (
    MODEL,
    NAME,
    VIDEO,
    error_info,
    failed,
    operation,
    seen,
    status,
    succeeded,
    unavailable,
    whole_video,
)
from stubs.stubs_programs import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from stubs.stubs_programs import Program

ACCEPTED = Call("GenerateVideos", operation())
STARTED = f"longtake: started {NAME}\n"


def _watched(*states: object) -> Call:
    return Call("WatchOperation", *map(seen, states))  # type: ignore[arg-type]  # operations all


RUNNING = operation("SUBMITTING", 2), operation("RUNNING", 3), operation("RUNNING", 4, 40)


def test_a_generation_shows_its_states_and_saves_its_video(
    longtake: Program, tmp_path: Path
) -> None:
    with video_service(
        ACCEPTED, _watched(*RUNNING, succeeded(5)), Call("DownloadVideo", whole_video())
    ) as service:
        outcome = longtake.run("generate", "a dog", "-o", "dog.mp4", "--address", service.address)

        assert outcome.out.splitlines() == [
            "QUEUED",
            "SUBMITTING",
            "RUNNING",
            "RUNNING 40%",
            "SUCCEEDED",
            "dog.mp4",
        ]
        assert (outcome.code, outcome.err) == (0, STARTED)
        assert (tmp_path / "dog.mp4").read_bytes() == VIDEO
        request = service.requests("GenerateVideos")[0]
        assert (request.prompt, request.model) == ("a dog", MODEL)
        assert service.requests("WatchOperation")[0].after_revision == 1


def test_without_a_file_name_a_video_is_named_after_its_operation(
    longtake: Program, tmp_path: Path
) -> None:
    with video_service(
        ACCEPTED, _watched(succeeded()), Call("DownloadVideo", whole_video())
    ) as service:
        outcome = longtake.run("--address", service.address, "generate", "a dog")

    assert outcome.out.splitlines() == ["QUEUED", "SUCCEEDED", "0193.mp4"]
    assert [path.name for path in tmp_path.iterdir()] == ["0193.mp4"]


def test_several_videos_are_numbered(longtake: Program, tmp_path: Path) -> None:
    with video_service(
        ACCEPTED, _watched(succeeded(videos=2)), *[Call("DownloadVideo", whole_video())] * 2
    ) as service:
        outcome = longtake.run("generate", "a dog", "-o", "dog.mp4", "--address", service.address)

        assert outcome.out.splitlines()[2:] == ["dog-0.mp4", "dog-1.mp4"]
        assert {path.name for path in tmp_path.iterdir()} == {"dog-0.mp4", "dog-1.mp4"}
        assert [one.name for one in service.requests("DownloadVideo")] == [
            f"{NAME}/videos/0",
            f"{NAME}/videos/1",
        ]


def test_with_json_each_state_is_a_line_and_nothing_else_is_among_them(longtake: Program) -> None:
    with video_service(
        ACCEPTED, _watched(*RUNNING, succeeded(5)), Call("DownloadVideo", whole_video())
    ) as service:
        outcome = longtake.run("--json", "generate", "a dog", "--address", service.address)

    states = [json.loads(line) for line in outcome.out.splitlines()]
    assert [one["metadata"]["state"] for one in states] == [
        "QUEUED",
        "SUBMITTING",
        "RUNNING",
        "RUNNING",
        "SUCCEEDED",
    ]
    assert [one["done"] for one in states] == [False, False, False, False, True]
    assert states[-1]["response"]["generated_videos"][0] == {
        "name": f"{NAME}/videos/0",
        "video": {
            "mime_type": "video/mp4",
            "size_bytes": len(VIDEO),
            "sha256": whole_video().video.sha256,
            "file_data": None,
        },
        "generation_seed": 7,
    }
    assert (outcome.code, outcome.err) == (0, f"{STARTED}longtake: saved 0193.mp4\n")


def test_without_waiting_the_name_is_all(longtake: Program) -> None:
    with video_service(ACCEPTED) as service:
        outcome = longtake.run("generate", "a dog", "--no-wait", "--address", service.address)

    assert outcome == Outcome(0, f"{NAME}\n", "")


def test_without_waiting_json_is_one_line(longtake: Program) -> None:
    with video_service(ACCEPTED) as service:
        outcome = longtake.run(
            "generate", "a dog", "--no-wait", "--json", "--address", service.address
        )

    assert json.loads(outcome.out)["name"] == NAME


def test_every_option_reaches_the_contract(longtake: Program, tmp_path: Path) -> None:
    (tmp_path / "last.jpg").write_bytes(JPEG)
    (tmp_path / "mask.png").write_bytes(PNG)
    request_id = str(uuid.uuid4())
    options = [
        "--aspect-ratio=9:16", "--duration=8", "--negative-prompt=rain", "--lossless",
        "--safety-filter-level=block_some", "--person-generation=allow_adult", "--fps=24",
        "--generation-mode=economy", "--number-of-videos=2", "--resolution=1080p",
        "--seed=4294967295", "--no-enhance-prompt", "--audio", "--compression-quality=LOSSLESS",
        "--last-frame=last.jpg", "--reference=gs://bucket/style.png", "--reference-type=style",
        "--mask=mask.png", "--mask-mode=remove_static", "--camera-control=push_in",
        "--resize-mode=crop", "--label=team=ads", "--output-gcs-uri=gs://bucket/prefix",
        "--pubsub-topic=projects/p/topics/progress", "--image=https://example.com/first.png",
        "--video=gs://bucket/a.mp4", "--model=veo-2.0-generate-001", "--priority=-5",
        "--queue-timeout=1.5", "--allow-model-fallback", "--resubmit-if-unknown",
        f"--previous-operation={NAME}", f"--request-id={request_id}",
        "--max-cost=1.50", "--webhook=orders", "--webhook-metadata=order=17",
    ]  # fmt: skip
    with video_service(ACCEPTED) as service:
        outcome = longtake.run(
            "generate", "a dog", *options, "--no-wait", "--address", service.address
        )

        assert outcome.code == 0, outcome.err
        request = service.requests("GenerateVideos")[0]
        assert request.config == IN_THE_CONTRACT
        assert {field.name for field, _ in request.ListFields()} == set(
            request.DESCRIPTOR.fields_by_name
        ) - {"validate_only"}
        assert (request.request_id, request.model) == (request_id, "veo-2.0-generate-001")
        assert request.image.file_data.file_uri == "https://example.com/first.png"


def test_a_generation_that_failed_ends_with_3(longtake: Program, tmp_path: Path) -> None:
    with video_service(ACCEPTED, _watched(failed())) as service:
        outcome = longtake.run("generate", "a dog", "--address", service.address)

    assert outcome.out.splitlines() == ["QUEUED", "FAILED"]
    assert outcome.err == f"{STARTED}longtake: {NAME}: INTERNAL: The upstream failed.\n"
    assert outcome.code == 3
    assert list(tmp_path.iterdir()) == []


def test_a_generation_that_was_cancelled_ends_with_3(longtake: Program) -> None:
    cancelled = failed("CANCELLED", code_pb2.CANCELLED, "CANCELLED")
    with video_service(ACCEPTED, _watched(cancelled)) as service:
        outcome = longtake.run("generate", "a dog", "--address", service.address)

    assert outcome.out.splitlines() == ["QUEUED", "CANCELLED"]
    assert outcome.code == 3


def test_videos_that_were_withheld_are_told_with_the_reason_and_the_others_saved(
    longtake: Program, tmp_path: Path
) -> None:
    some = succeeded(videos=1, withheld=2)
    with video_service(ACCEPTED, _watched(some), Call("DownloadVideo", whole_video())) as service:
        outcome = longtake.run("generate", "a dog", "-o", "dog.mp4", "--address", service.address)

    assert outcome.out.splitlines() == ["QUEUED", "SUCCEEDED", "dog.mp4"]
    assert outcome.err == (
        f"{STARTED}longtake: 2 of 3 videos were withheld by the upstream for its usage guidelines: "
        "The prompt names a person.\n"
    )
    assert outcome.code == 4
    assert (tmp_path / "dog.mp4").exists()


def test_no_video_at_all_ends_with_4_too(longtake: Program) -> None:
    with video_service(ACCEPTED, _watched(succeeded(videos=0, withheld=1))) as service:
        outcome = longtake.run("generate", "a dog", "--address", service.address)

    assert outcome.code == 4
    assert "1 of 1 videos were withheld" in outcome.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["-o", "nowhere/dog.mp4"], "--output: cannot write to the folder nowhere: No such file"),
        (["-o", "."], "--output: . is a folder; give the name of a file"),
        (["-o", "/dev/null"], "--output: /dev/null is a pipe or a device, not a regular file"),
        (["-o", "d" * 300], f"--output: cannot write {'d' * 300}: File name too long"),
        (
            ["-o", "dog.mp4", "--no-wait"],
            "--output: --no-wait saves nothing; leave out one of them",
        ),
        (["--image", "none.jpg"], "--image: none.jpg cannot be read: No such file or directory"),
        (["--reference", "text.txt"], "--reference: text.txt: its bytes are not an image"),
        (
            ["--video", "gs://bucket/video"],
            "--video: the name 'gs://bucket/video' does not tell the media type; give it with ",
        ),
        (["--mask-mode", "insert"], "--mask and --mask-mode need each other; give both"),
        (["--label", "team"], "--label: 'team' is not accepted; it is KEY=VALUE"),
        (["--label", "a=1", "--label", "a=2"], "--label: 'a' is given twice"),
        (["--seed", "-1"], "--seed: -1 is not accepted"),
        (["--person-generation", "all"], "Invalid value for '--person-generation'"),
        (["--duration", "long"], "Invalid value for '--duration'"),
        (["--colour", "red"], "No such option: --colour"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_is_wrong_is_told_before_anything_is_paid_for(
    longtake: Program, tmp_path: Path, options: list[str], message: str
) -> None:
    (tmp_path / "text.txt").write_text("no picture")
    with video_service() as service:
        outcome = longtake.run("generate", "a dog", *options, "--address", service.address)

    assert outcome.err.startswith(f"longtake: {message}")
    assert outcome.err.count("\n") == 1
    assert (outcome.code, outcome.out) == (2, "")


def test_something_to_make_a_video_from_is_needed(longtake: Program) -> None:
    outcome = longtake.run("generate", "--duration", "8")

    assert outcome.err == "longtake: give a PROMPT, --image or --video\n"
    assert outcome.code == 2


def test_a_watch_that_cannot_go_on_tells_how_to_resume(longtake: Program) -> None:
    broken = status(code_pb2.INTERNAL, "A defect.", error_info("INTERNAL"))
    with video_service(ACCEPTED, Call("WatchOperation", broken)) as service:
        outcome = longtake.run(
            "generate", "a dog", "-o", "my dog.mp4", "--address", service.address
        )

        assert outcome.err == (
            f"{STARTED}longtake: INTERNAL: A defect.; the generation goes on; resume with: "
            f"longtake watch {NAME} -o 'my dog.mp4' --address {service.address}\n"
        )
        assert outcome.code == 5


def test_a_file_that_cannot_be_written_does_not_lose_the_video(
    longtake: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    download = Call("DownloadVideo", whole_video())
    with video_service(ACCEPTED, _watched(succeeded()), download) as service:
        outcome = longtake.run("generate", "a dog", "-o", "dog.mp4", "--address", service.address)

        assert outcome.err == (
            f"{STARTED}longtake: dog.mp4 cannot be written: No space left on device; the video "
            f"stays at the server; fetch it with: longtake download {NAME}/videos/0 -o dog.mp4 "
            f"--address {service.address}\n"
        )
        assert outcome.code == 2
        assert list(tmp_path.iterdir()) == []


def test_a_video_that_arrives_wrong_ends_with_5_and_is_not_saved(
    longtake: Program, tmp_path: Path
) -> None:
    wrong = whole_video()
    wrong.chunk.data = VIDEO[:-1] + b"!"
    with video_service(ACCEPTED, _watched(succeeded()), Call("DownloadVideo", wrong)) as service:
        outcome = longtake.run("generate", "a dog", "--address", service.address)

    assert "do not have the SHA-256" in outcome.err
    assert outcome.err.count("\n") == 2
    assert outcome.code == 5
    assert list(tmp_path.iterdir()) == []


def test_a_watch_shows_the_state_and_goes_on_to_the_end(longtake: Program) -> None:
    with video_service(
        Call("GetOperation", operation("RUNNING", 3, 40)),
        Call("WatchOperation", seen(operation("RUNNING", 4, 80)), unavailable()),
        _watched(succeeded(5, videos=2)),
    ) as service:
        outcome = longtake.run("watch", NAME, "--address", service.address)

        assert outcome.out.splitlines() == [
            "RUNNING 40%",
            "RUNNING 80%",
            "SUCCEEDED",
            f"{NAME}/videos/0",
            f"{NAME}/videos/1",
        ]
        assert outcome.code == 0
        assert [one.after_revision for one in service.requests("WatchOperation")] == [3, 4]


def test_a_watch_with_a_file_saves_the_video(longtake: Program, tmp_path: Path) -> None:
    with video_service(
        Call("GetOperation", succeeded()), Call("DownloadVideo", whole_video())
    ) as service:
        outcome = longtake.run("watch", NAME, "-o", "dog.mp4", "--address", service.address)

    assert outcome.out.splitlines() == ["SUCCEEDED", "dog.mp4"]
    assert (tmp_path / "dog.mp4").read_bytes() == VIDEO


def test_a_watch_of_what_failed_ends_with_3(longtake: Program) -> None:
    with video_service(Call("GetOperation", failed())) as service:
        assert longtake.run("watch", NAME, "--address", service.address).code == 3


def test_warnings_of_the_server_are_shown(longtake: Program) -> None:
    ended = failed("CANCELLED", code_pb2.CANCELLED)
    ended.metadata.warnings.append("The upstream may bill it.")
    with video_service(Call("GetOperation", ended)) as service:
        outcome = longtake.run("watch", NAME, "--address", service.address)

    assert outcome.err.splitlines()[0] == "longtake: The upstream may bill it."
