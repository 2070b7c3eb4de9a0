# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How the command line ends: exit codes, error lines, a terminal."""

from __future__ import annotations

import os
import re
import socket
from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.rpc import code_pb2
from longtake.cli.failures import line_of
from longtake.v1.generation_pb2 import GenerateVideosConfig
from stubs.stubs_messages import (
    NAME,
    draining,
    error_info,
    failed,
    invalid,
    operation,
    seen,
    status,
    succeeded,
    whole_video,
)
from stubs.stubs_programs import process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from google.rpc.status_pb2 import Status
    from stubs.stubs_programs import Program


@pytest.fixture
def nobody() -> Iterator[str]:
    """Return an address that refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(
    "command",
    [
        ["generate", "a dog"],
        ["watch", NAME],
        ["get", NAME],
        ["list"],
        ["cancel", NAME],
        ["delete", NAME],
        ["download", NAME],
        ["models"],
    ],
    ids=lambda command: command[0],
)
def test_a_server_that_is_not_there_ends_with_5_and_its_address(
    longtake: Program, nobody: str, command: list[str]
) -> None:
    outcome = longtake.run(*command, "--address", nobody)

    assert outcome.err.startswith(f"longtake: no Longtake server answers at {nobody} (set by ")
    assert outcome.err.count("\n") == 1
    assert (outcome.code, outcome.out) == (5, "")


def test_the_address_may_come_from_the_environment(
    longtake: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    with video_service(Call("GetOperation", operation())) as service:
        monkeypatch.setenv("LONGTAKE_ADDRESS", service.address)

        assert longtake.run("get", NAME).code == 0


def test_a_refusal_ends_with_2_and_names_every_field(longtake: Program) -> None:
    refusal = invalid(config__fps="24 is accepted.", config__seed="It needs a model with seeds.")
    with video_service(Call("GenerateVideos", refusal)) as service:
        outcome = longtake.run("generate", "a dog", "--address", service.address)

    assert outcome.err == (
        "longtake: INVALID_ARGUMENT: The request is wrong.; --fps: 24 is accepted.; "
        "--seed: It needs a model with seeds.\n"
    )
    assert (outcome.code, outcome.out) == (2, "")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (status(code_pb2.NOT_FOUND, "No.", error_info("OPERATION_NOT_FOUND")), 2),
        (status(code_pb2.PERMISSION_DENIED, "No."), 2),
        (status(code_pb2.RESOURCE_EXHAUSTED, "No."), 2),
        (status(code_pb2.INTERNAL, "No.", error_info("INTERNAL")), 5),
        (status(code_pb2.UNIMPLEMENTED, "No."), 5),
    ],
    ids=lambda value: code_pb2.Code.Name(value.code) if hasattr(value, "code") else "",
)
def test_the_code_of_an_error_decides_the_exit_code(
    longtake: Program, error: Status, code: int
) -> None:
    with video_service(Call("GetOperation", error)) as service:
        outcome = longtake.run("get", NAME, "--address", service.address)

    assert outcome.err == f"longtake: {code_pb2.Code.Name(error.code)}: No.\n"
    assert outcome.code == code


def test_a_server_that_shuts_down_is_told_from_one_that_is_not_there(longtake: Program) -> None:
    with video_service(*[Call("GetOperation", draining())] * 5) as service:
        outcome = longtake.run("get", NAME, "--address", service.address)

    assert outcome.err == "longtake: UNAVAILABLE: The server is shutting down.\n"
    assert outcome.code == 5


@pytest.mark.parametrize("asked", ["-h", "--help", "--version"])
def test_help_and_version_are_there_for_every_command(longtake: Program, asked: str) -> None:
    commands = (
        *("generate", "watch", "get", "list", "cancel", "delete", "download", "url"),
        *("models", "whoami", "usage", "webhooks"),
    )
    for command in commands:
        outcome = longtake.run(command, asked)

        start = (
            f"longtake {version('longtake')}\n" if "v" in asked else f"Usage: longtake {command} "
        )
        assert outcome.out.startswith(start)
        assert (outcome.code, outcome.err) == (0, "")
    whole = longtake.run(asked)
    assert whole.code == 0
    if "v" not in asked:
        assert re.findall(r"^  ([a-z]+)  ", whole.out, re.MULTILINE) == list(commands)


def test_a_video_that_is_gone_is_not_said_to_stay(longtake: Program) -> None:
    gone = status(code_pb2.FAILED_PRECONDITION, "It is gone.", error_info("VIDEO_EXPIRED"))
    with video_service(Call("GetOperation", succeeded()), Call("DownloadVideo", gone)) as service:
        outcome = longtake.run("download", NAME, "--address", service.address)

    assert (outcome.code, outcome.err) == (2, "longtake: FAILED_PRECONDITION: It is gone.\n")


def test_an_exit_code_is_that_of_the_process(tmp_path: Path) -> None:
    with (
        video_service(Call("GetOperation", failed())) as service,
        process(service.address, "watch", NAME, folder=tmp_path) as running,
    ):
        out, err = running.communicate()

    assert (running.returncode, out) == (3, "FAILED\n")
    assert err == f"longtake: {NAME}: INTERNAL: The upstream failed.\n"


def test_a_terminal_shows_each_state_and_a_live_line(tmp_path: Path) -> None:
    queued, running_at_40 = operation(), operation("RUNNING", 3, 40)
    queued.metadata.queue_position = 2
    terminal, of_process = os.openpty()
    with (
        video_service(
            Call("GenerateVideos", queued),
            Call("WatchOperation", seen(running_at_40), seen(succeeded(4))),
            Call("DownloadVideo", whole_video()),
        ) as service,
        process(
            service.address, "generate", "a dog", folder=tmp_path, stdout=of_process
        ) as running,
        os.fdopen(terminal, "rb", buffering=0) as screen,
    ):
        os.close(of_process)
        shown = _read_all(screen.fileno())
        assert running.wait() == 0

    lines = [re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", line) for line in re.split(r"[\r\n]+", shown)]
    states = [line for line in lines if line in {"QUEUED", "RUNNING", "SUCCEEDED"}]
    assert states == ["QUEUED", "RUNNING", "SUCCEEDED"]
    assert lines[-2] == "0193.mp4"
    assert f"{NAME}" in shown


def _read_all(terminal: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(terminal, 4096)
        except OSError:  # how Linux says that the other side of a terminal is closed
            part = b""
        if not part:
            return b"".join(parts).decode()
        parts.append(part)


def test_every_field_of_the_config_is_named_by_an_option_that_exists(longtake: Program) -> None:
    shown = longtake.run("generate", "--help").out
    for field in GenerateVideosConfig.DESCRIPTOR.fields:
        line = line_of(ValueError(f"config.{field.name}: wrong"))
        assert line.partition(":")[0] in shown, field.name


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--duration", "long"], "Invalid value for '--duration': it is not a whole number"),
        (["--queue-timeout", "soon"], "Invalid value for '--queue-timeout': it is not a number"),
        (["--queue-timeout", "-1"], "Invalid value for '--queue-timeout': it is less than 0"),
    ],
)
def test_a_wrong_number_is_refused_in_plain_words(
    longtake: Program, options: list[str], message: str
) -> None:
    outcome = longtake.run("generate", "x", *options)
    assert outcome.code == 2
    assert outcome.err.startswith(f"longtake: {message}")
    assert outcome.err.endswith("; see --help\n")
