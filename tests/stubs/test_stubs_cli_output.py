# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What goes to standard output, and what happens when it cannot be written to."""

from __future__ import annotations

import errno
import json
import os
import sys
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from longtake.v1 import video_service_pb2 as api
from stubs.stubs_messages import NAME, VIDEO, chunk, operation, seen, succeeded, whole_video
from stubs.stubs_programs import process

if TYPE_CHECKING:
    from pathlib import Path

    from stubs.stubs_programs import Program

ACCEPTED = Call("GenerateVideos", operation())
ENDED = Call("WatchOperation", seen(succeeded()))
# More than a pipe holds.
LARGE = VIDEO * 100
STATES = ["QUEUED", "SUCCEEDED"]
FIRST = f"{NAME}/videos/0"


def _listed() -> Call:
    return Call("ListOperations", api.ListOperationsResponse(operations=[operation()]))


@pytest.mark.parametrize("command", ["generate", "watch", "download"])
def test_a_video_goes_to_standard_output_and_all_else_to_standard_error(
    tmp_path: Path, command: str
) -> None:
    scripts = {
        "generate": [ACCEPTED, ENDED],
        "watch": [Call("GetOperation", operation()), ENDED],
        "download": [Call("GetOperation", succeeded())],
    }
    told = {
        "generate": [f"longtake: started {NAME}", *STATES],
        "watch": STATES,
        "download": [],
    }
    saved = tmp_path / "saved"
    with (
        video_service(*scripts[command], Call("DownloadVideo", whole_video())) as service,
        saved.open("wb") as file,
        process(
            service.address, command, NAME, "-o", "-", folder=tmp_path, stdout=file.fileno()
        ) as running,
    ):
        assert running.stderr is not None
        err = running.stderr.read()
        assert running.wait() == 0

    assert saved.read_bytes() == VIDEO
    assert err.splitlines() == told[command]
    assert list(tmp_path.iterdir()) == [saved]


def test_a_live_line_moves_to_the_terminal_of_standard_error(tmp_path: Path) -> None:
    saved = tmp_path / "saved"
    terminal, of_process = os.openpty()
    with (
        video_service(ACCEPTED, ENDED, Call("DownloadVideo", whole_video())) as service,
        saved.open("wb") as file,
        process(
            *(service.address, "generate", "x", "-o", "-"),
            folder=tmp_path,
            stdout=file.fileno(),
            stderr=of_process,
        ) as running,
        os.fdopen(terminal, "rb", buffering=0) as screen,
    ):
        os.close(of_process)
        assert running.wait() == 0
        shown = screen.read(100_000).decode()

    assert saved.read_bytes() == VIDEO
    assert all(text in shown for text in (f"longtake: started {NAME}", *STATES))


def test_with_json_the_states_go_to_standard_error(longtake: Program) -> None:
    text = b"stands for a video"
    plain = chunk(text, size_bytes=len(text))
    ended = Call("WatchOperation", seen(succeeded(known=False)))
    with video_service(ACCEPTED, ended, Call("DownloadVideo", plain)) as service:
        outcome = longtake.run(
            "generate", "a dog", "-o", "-", "--json", "--address", service.address
        )

    assert outcome.out == text.decode()
    first, *states = outcome.err.splitlines()
    assert first == f"longtake: started {NAME}"
    assert [json.loads(state)["metadata"]["state"] for state in states] == STATES


def test_a_video_that_arrives_wrong_does_not_go_to_standard_output(longtake: Program) -> None:
    wrong = whole_video()
    wrong.chunk.data = VIDEO[:-1] + b"!"
    with video_service(Call("GetOperation", succeeded()), Call("DownloadVideo", wrong)) as service:
        outcome = longtake.run("download", NAME, "-o", "-", "--address", service.address)

    assert (outcome.code, outcome.out) == (5, "")
    assert "do not have the SHA-256" in outcome.err


def test_several_videos_for_standard_output_are_refused_before_they_are_paid_for(
    longtake: Program,
) -> None:
    with video_service() as service:
        outcome = longtake.run(
            "generate", "x", "--number-of-videos=2", "-o", "-", "--address", service.address
        )

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "longtake: --output: standard output takes one video, not 2; name a file instead of -\n"
    )


def test_several_videos_for_standard_output_are_refused_with_a_way_to_fetch_one(
    longtake: Program,
) -> None:
    with video_service(Call("GetOperation", succeeded(videos=2))) as service:
        outcome = longtake.run("download", NAME, "-o", "-", "--address", service.address)

    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err == (
        "longtake: --output: standard output takes one video, not 2; name a file instead of -; "
        "the videos stay at the server; fetch one with: "
        f"longtake download {NAME}/videos/0 -o - --address {service.address}\n"
    )


def test_a_video_is_not_written_to_a_terminal(tmp_path: Path) -> None:
    terminal, of_process = os.openpty()
    with (
        video_service() as service,
        process(
            service.address, "generate", "x", "-o", "-", folder=tmp_path, stdout=of_process
        ) as running,
    ):
        os.close(of_process)
        assert running.stderr is not None
        err = running.stderr.read()
        assert running.wait() == 2
    os.close(terminal)

    assert err == (
        "longtake: --output: standard output is a terminal; redirect it, or pipe it to a program\n"
    )


def test_a_reader_that_leaves_early_ends_a_command_in_silence(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with (
        video_service(_listed()) as service,
        process(service.address, "list", folder=tmp_path, stdout=writing) as running,
    ):
        os.close(writing)
        _, err = running.communicate()

    assert (running.returncode, err) == (141, "")


def test_a_reader_that_leaves_during_a_video_is_told_where_the_video_is(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    script = Call("GetOperation", succeeded(known=False)), Call("DownloadVideo", chunk(LARGE))
    with (
        video_service(*script) as service,
        process(
            service.address, "download", NAME, "-o", "-", folder=tmp_path, stdout=writing
        ) as running,
    ):
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        _, err = running.communicate()

    assert err == (
        "longtake: the reader of standard output has gone; the video stays at the server; "
        f"fetch it with: longtake download {NAME}/videos/0 -o -\n"
    )
    assert running.returncode == 141


def test_a_reader_that_leaves_while_a_generation_runs_is_told_how_to_resume(
    tmp_path: Path,
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with (
        video_service(ACCEPTED) as service,
        process(service.address, "generate", "x", folder=tmp_path, stdout=writing) as running,
    ):
        os.close(writing)
        _, err = running.communicate()

    assert err == (
        f"longtake: started {NAME}\n"
        "longtake: the reader of standard output has gone; the generation goes on; "
        f"resume with: longtake watch {NAME}\n"
    )
    assert running.returncode == 141


@pytest.mark.parametrize(
    ("command", "script", "told"),
    [
        (["list"], [_listed()], ""),
        (
            ["generate", "x", "--no-wait"],
            [ACCEPTED],
            f"; the generation goes on; resume with: longtake watch {NAME}",
        ),
        (
            ["download", NAME, "-o", "-"],
            [Call("GetOperation", succeeded()), Call("DownloadVideo", whole_video())],
            f"; the video stays at the server; fetch it with: longtake download {FIRST} -o -",
        ),
        (["list", "--help"], [], ""),
        (["--version"], [], ""),
    ],
    ids=lambda value: " ".join(value[:2]) if value and isinstance(value[0], str) else "",
)
def test_a_full_disk_ends_with_2_and_one_line(
    tmp_path: Path, command: list[str], script: list[Call], told: str
) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with (
        video_service(*script) as service,
        process(service.address, *command, folder=tmp_path, stdout=full) as running,
    ):
        os.close(full)
        _, err = running.communicate()

    assert err == (
        f"longtake: standard output cannot be written to: {os.strerror(errno.ENOSPC)}{told}\n"
    )
    assert running.returncode == 2


def test_without_a_standard_output_nothing_is_paid_for(
    longtake: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with video_service() as service, monkeypatch.context() as patch:
        # What Python has where a shell says >&-.
        patch.setattr(sys, "stdout", None)
        outcome = longtake.run("generate", "x", "--no-wait", "--address", service.address)

    assert outcome.code == 2
    assert outcome.err == (
        "longtake: standard output is closed; redirect it to /dev/null instead\n"
    )


def test_without_a_standard_error_a_command_does_its_work(
    longtake: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with video_service(ACCEPTED) as service, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        outcome = longtake.run("generate", "x", "--no-wait", "--address", service.address)

    assert (outcome.code, outcome.out) == (0, f"{NAME}\n")


def test_a_standard_error_on_a_full_disk_changes_no_exit_code(tmp_path: Path) -> None:
    with (
        video_service(ACCEPTED, ENDED, Call("DownloadVideo", whole_video())) as service,
        open("/dev/full", "wb") as full,  # noqa: PTH123 - a device
        process(service.address, "generate", "x", folder=tmp_path, stderr=full.fileno()) as running,
    ):
        out, _ = running.communicate()

    assert (running.returncode, out.splitlines()) == (0, [*STATES, "0193.mp4"])


def test_a_file_name_that_is_not_utf_8_is_printed_as_it_is(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    printed = tmp_path / "printed"
    script = Call("GetOperation", succeeded()), Call("DownloadVideo", whole_video())
    with (
        video_service(*script) as service,
        printed.open("wb") as file,
        process(
            service.address, "download", NAME, "-o", name, folder=tmp_path, stdout=file.fileno()
        ) as running,
    ):
        assert running.wait() == 0

    assert printed.read_bytes() == b"caf\xe9.mp4\n"
    assert (tmp_path / name).read_bytes() == VIDEO
