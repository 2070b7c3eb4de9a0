# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C, SIGTERM and SIGHUP end every command in order, and cancel nothing."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, Silence, video_service
from stubs.stubs_messages import NAME, VIDEO, chunk, operation, seen, succeeded
from stubs.stubs_programs import process

if TYPE_CHECKING:
    from pathlib import Path

SIGNALS = pytest.mark.parametrize(
    ("number", "cause", "code"),
    [
        (signal.SIGINT, "Ctrl-C", 130),
        (signal.SIGTERM, "SIGTERM", 143),
        (signal.SIGHUP, "SIGHUP", 129),
    ],
    ids=["SIGINT", "SIGTERM", "SIGHUP"],
)
SILENCE = Silence.UNTIL_THE_CALLER_LEAVES
# More than a pipe holds.
LARGE = VIDEO * 100


@SIGNALS
def test_a_signal_while_waiting_cancels_nothing_and_tells_how_to_resume(
    tmp_path: Path, number: signal.Signals, cause: str, code: int
) -> None:
    states = seen(operation("RUNNING", 3, 40)), SILENCE
    with (
        video_service(
            Call("GenerateVideos", operation()), Call("WatchOperation", *states)
        ) as service,
        process(service.address, "generate", "a dog", "-o", "dog.mp4", folder=tmp_path) as running,
    ):
        assert running.stdout is not None
        assert running.stdout.readline() == "QUEUED\n"
        assert running.stdout.readline() == "RUNNING 40%\n"
        running.send_signal(number)
        out, err = running.communicate()

        assert err == (
            f"longtake: started {NAME}\n"
            f"longtake: stopped waiting because of {cause}; the generation goes on; "
            f"resume with: longtake watch {NAME} -o dog.mp4\n"
        )
        assert (running.returncode, out) == (code, "")
        assert [one.method for one in service.received] == ["GenerateVideos", "WatchOperation"]
        service.received[1].ended.wait()


@SIGNALS
def test_a_signal_before_the_answer_tells_how_to_pay_once(
    tmp_path: Path, number: signal.Signals, cause: str, code: int
) -> None:
    with (
        video_service(Call("GenerateVideos", SILENCE)) as service,
        process(service.address, "generate", "a dog", folder=tmp_path) as running,
    ):
        assert service.arrivals.get() == "GenerateVideos"
        running.send_signal(number)
        out, err = running.communicate()

        request_id = service.requests("GenerateVideos")[0].request_id
        assert err == (
            f"longtake: stopped by {cause} before the server answered; the generation may have "
            f"started; the same command with --request-id {request_id} does not start a second "
            "generation\n"
        )
        assert (running.returncode, out) == (code, "")


@SIGNALS
@pytest.mark.parametrize("command", ["download", "watch"])
def test_a_signal_while_downloading_leaves_no_file_and_tells_how_to_fetch_it(
    tmp_path: Path, command: str, number: signal.Signals, cause: str, code: int
) -> None:
    with (
        video_service(
            Call("GetOperation", succeeded()), Call("DownloadVideo", chunk(VIDEO[:1000]), SILENCE)
        ) as service,
        process(service.address, command, NAME, "-o", "dog.mp4", folder=tmp_path) as running,
    ):
        assert [service.arrivals.get(), service.arrivals.get()] == ["GetOperation", "DownloadVideo"]
        assert len(list(tmp_path.iterdir())) == 1
        running.send_signal(number)
        _, err = running.communicate()

        assert err == (
            f"longtake: the download was stopped by {cause}; the video stays at the server; "
            f"fetch it with: longtake download {NAME}/videos/0 -o dog.mp4\n"
        )
        assert running.returncode == code
        assert list(tmp_path.iterdir()) == []


@SIGNALS
def test_a_signal_ends_a_command_that_writes_to_a_reader_that_does_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, cause: str, code: int
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    reading, writing = os.pipe()
    ended = succeeded(known=False)
    with (
        video_service(Call("GetOperation", ended), Call("DownloadVideo", chunk(LARGE))) as service,
        process(
            service.address, "download", NAME, "-o", "-", folder=tmp_path, stdout=writing
        ) as running,
        os.fdopen(reading, "rb") as reader,
    ):
        os.close(writing)
        assert reader.read(1) == VIDEO[:1]
        running.send_signal(number)
        assert running.stderr is not None
        err = running.stderr.read()
        assert running.wait() == code

    assert err.startswith(f"longtake: the download was stopped by {cause}; the video stays")
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("method", "command", "number", "cause"),
    [
        ("ListOperations", ["list"], signal.SIGINT, "Ctrl-C"),
        ("GetOperation", ["get", NAME], signal.SIGTERM, "SIGTERM"),
        ("CancelOperation", ["cancel", NAME], signal.SIGHUP, "SIGHUP"),
        ("DeleteOperation", ["delete", NAME], signal.SIGTERM, "SIGTERM"),
        ("ListModels", ["models"], signal.SIGHUP, "SIGHUP"),
    ],
    ids=["list", "get", "cancel", "delete", "models"],
)
def test_a_signal_ends_a_short_command_with_one_line(
    tmp_path: Path, method: str, command: list[str], number: signal.Signals, cause: str
) -> None:
    with (
        video_service(Call(method, SILENCE)) as service,
        process(service.address, *command, folder=tmp_path) as running,
    ):
        assert service.arrivals.get() == method
        running.send_signal(number)
        out, err = running.communicate()

    assert err == f"longtake: stopped by {cause}; run the same command again\n"
    assert (running.returncode, out) == (128 + number, "")


def test_a_signal_that_the_process_ignores_is_ignored_as_nohup_wants_it(tmp_path: Path) -> None:
    signal_before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with (
            video_service(
                Call("GetOperation", operation()), Call("WatchOperation", SILENCE)
            ) as service,
            process(service.address, "watch", NAME, folder=tmp_path) as running,
        ):
            assert [service.arrivals.get(), service.arrivals.get()] == [
                "GetOperation",
                "WatchOperation",
            ]
            running.send_signal(signal.SIGHUP)
            running.send_signal(signal.SIGTERM)
            _, err = running.communicate()
    finally:
        signal.signal(signal.SIGHUP, signal_before)

    assert "because of SIGTERM" in err
    assert running.returncode == 143


def test_a_server_that_goes_away_leaves_no_lines_of_grpc(tmp_path: Path) -> None:
    waiting = seen(operation("RUNNING", 3)), SILENCE
    script = Call("GetOperation", operation()), Call("WatchOperation", *waiting)
    with ExitStack() as server:
        service = server.enter_context(video_service(*script))
        with process(service.address, "watch", NAME, folder=tmp_path) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "QUEUED\n"
            assert running.stdout.readline() == "RUNNING\n"
            server.close()
            running.send_signal(signal.SIGINT)
            _, err = running.communicate()

    assert err == (
        "longtake: stopped waiting because of Ctrl-C; the generation goes on; "
        f"resume with: longtake watch {NAME}\n"
    )
