# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake-server budgets` and the budgets file change the limits of a running server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import grpc
import pytest
from longtake.v1.video_service_pb2 import GenerateVideosRequest, GetCallerRequest
from processes.running import GUARD_SECONDS, Process, server

if TYPE_CHECKING:
    from pathlib import Path

    from longtake.v1.caller_pb2 import Caller
    from longtake.v1.video_service_pb2_grpc import VideoServiceAsyncStub

REQUEST = GenerateVideosRequest(model="veo-3.1-generate-001", prompt="a dog")
ANN = (("x-caller", "ann"),)


def budgets(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return command({"LONGTAKE_DATA_FOLDER": str(folder / "data")}, "budgets", *options)


def command(settings: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "longtake_server", *words],
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def succeeded(folder: Path, *options: str) -> str:
    done = budgets(folder, *options)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


async def caller(stub: VideoServiceAsyncStub) -> Caller:
    return await stub.GetCaller(GetCallerRequest(), metadata=ANN)


async def is_accepted(stub: VideoServiceAsyncStub) -> bool:
    with suppress(grpc.aio.AioRpcError):
        await stub.GenerateVideos(REQUEST, metadata=ANN)
        return True
    return False


async def test_a_command_counts_from_the_next_call(tmp_path: Path) -> None:
    async with server(tmp_path, trust_caller_header="x-caller") as longtake:
        stub = await longtake.start()
        succeeded(tmp_path, "set", "principal/ann", "--cost-per-month", "6.40")
        assert [await is_accepted(stub) for _ in range(3)] == [True, True, False]
        succeeded(tmp_path, "set", "principal/ann", "--cost-per-month", "9.6", "--max-queued", "9")
        assert [await is_accepted(stub) for _ in range(2)] == [True, False]
        until = ("--override", "--until", "2999-12-24")
        succeeded(tmp_path, "set", "principal/ann", "--cost-per-month", "12.8", *until)
        assert [await is_accepted(stub) for _ in range(2)] == [True, False]
        shown = succeeded(tmp_path, "show", "principal/ann")
        assert "by command: cost_per_month 9.6, max_queued 9" in shown
        assert "by command, until 2999-12-24: cost_per_month 12.8" in shown
        [row] = json.loads(succeeded(tmp_path, "show", "--json"))
        assert row["limits"][0]["overrides"][0]["cost_per_month"] == 12.8
        total = {one["reserved_micros"] + one["spent_micros"] for one in row["spending"]}
        assert total == {12_800_000}
        assert "by command" not in succeeded(tmp_path, "unset", "principal/ann")
        assert await is_accepted(stub)
        assert not (await caller(stub)).budgets


async def test_a_command_takes_precedence_and_keeps_what_it_does_not_name(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text('["principal/ann"]\ntime_zone = "Asia/Tokyo"\nmax_queued = 5\n')
    async with server(tmp_path, trust_caller_header="x-caller", budgets_file=str(file)) as longtake:
        stub = await longtake.start()
        succeeded(tmp_path, "set", "principal/ann", "--max-queued", "3")
        succeeded(tmp_path, "set", "principal/ann", "--requests-per-minute", "9")
        shown = await caller(stub)
        assert (shown.max_queued, shown.requests_per_minute) == (3, 9)
        assert shown.time_zone == "Asia/Tokyo"


async def test_a_changed_file_is_in_force_while_the_server_runs(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text('["principal/ann"]\nmax_queued = 5\n')
    async with server(tmp_path, trust_caller_header="x-caller", budgets_file=str(file)) as longtake:
        stub = await longtake.start()
        file.write_text('["principal/ann"]\nmax_queued = 7\n')
        while (await caller(stub)).max_queued == 5:
            pass
        assert (await caller(stub)).max_queued == 7
        file.write_text('["principal/ann"]\nmax_queued = -7\n')
        while "cannot use the budgets file" not in longtake.log:
            assert (await caller(stub)).max_queued == 7
        assert "line 2: principal/ann: max_queued: accepted is a whole number" in longtake.log


async def test_a_wrong_file_lets_neither_the_server_nor_its_check_start(tmp_path: Path) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text('["principal/ann"]\nmax_queued = -7\n["role/king"]\n')
    settings = {
        "LONGTAKE_DATA_FOLDER": str(tmp_path / "data"),
        "LONGTAKE_BUDGETS_FILE": str(file),
        "LONGTAKE_LISTEN": "127.0.0.1:0",
    }
    with pytest.raises(AssertionError, match="did not start"):
        await Process.start(
            "-m", "longtake_server", "serve", log=tmp_path / "log", environment=settings
        )
    checked = command(settings, "check-config")
    assert checked.returncode == 1
    for told in ((tmp_path / "log").read_text(), checked.stderr):
        lines = told.splitlines()
        assert len(lines) == 2
        assert f"{file}, line 2: principal/ann: max_queued" in lines[0]
        assert f"{file}, line 3: role/king" in lines[1]


async def test_the_command_works_while_no_server_runs_and_forgets_ended_overrides(
    tmp_path: Path,
) -> None:
    async with server(tmp_path) as longtake:
        await longtake.start()
    ended, live = (
        (datetime.now(UTC).date() + timedelta(days=days)).isoformat() for days in (-3, 2)
    )
    for until in (ended, live):
        succeeded(
            tmp_path, "set", "label/run=*", "--cost-per-day", "3", "--override", "--until", until
        )
    [row] = json.loads(succeeded(tmp_path, "show", "--json", "label/run=*"))
    [override] = row["limits"][0]["overrides"]
    assert override["until"] == live


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("show",), "longtake.db does not exist"),
        (("set", "principal/ann"), "give at least one limit"),
        (("set", "ann", "--max-queued", "3"), "accepted is principal/{id}"),
        (("set", "role/king", "--max-queued", "3"), "accepted is principal/{id}"),
        (("set", "label/run=*", "--max-queued", "3"), "--max-queued cannot limit a label"),
        (("set", "principal/ann", "--max-queued", "0"), "a whole number from 1"),
        (("set", "principal/ann", "--max-queued", "1.5"), "a whole number from 1"),
        (("set", "principal/ann", "--cost-per-day", "-1"), "US dollars from 0"),
        (("set", "principal/ann", "--cost-per-day", "nan"), "US dollars from 0"),
        (("set", "principal/ann", "--cost-per-day", "much"), "is not a number"),
        (("set", "principal/ann", "--time-zone", "Tokyo"), "an IANA time zone"),
        (("set", "principal/ann", "--override", "--max-queued", "3"), "go together"),
        (("set", "principal/ann", "--until", "2026-12-24", "--max-queued", "3"), "go together"),
        (("set", "principal/ann", "--override", "--until", "soon"), "is not a day"),
        (("set", "principal/ann", "--override", "--until", "2026-12-24"), "at least one limit"),
    ],
)
def test_a_wrong_option_is_named(tmp_path: Path, options: tuple[str, ...], said: str) -> None:
    done = budgets(tmp_path, *options)
    assert done.returncode in (1, 2)
    assert done.stdout == ""
    assert said in done.stderr
