# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator's process: its quota, its memory over a kill, and its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from processes.running import GUARD_SECONDS, simulator
from simulator.interaction_calls import PLATFORM, caller, video

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

RESOURCE = "projects/p/locations/l/publishers/google/models/veo-3.1-lite-generate-001"
BODY = {"instances": [{"prompt": "a dog"}], "parameters": {"durationSeconds": 4}}
HEADERS = {"authorization": "Bearer t"}


async def submit(base_url: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=base_url, headers=HEADERS) as http:
        return await http.post(f"/v1/{RESOURCE}:predictLongRunning", json=BODY)


async def poll(base_url: str, name: str) -> httpx.Response:
    async with httpx.AsyncClient(base_url=base_url, headers=HEADERS, timeout=GUARD_SECONDS) as http:
        body = {"operationName": name}
        return await http.post(f"/v1/{RESOURCE}:fetchPredictOperation", json=body)


async def finished(base_url: str, name: str) -> bytes:
    async with httpx.AsyncClient(base_url=base_url, timeout=GUARD_SECONDS) as http:
        await http.post("/simulator/wait", params={"operation": name})
    return (await poll(base_url, name)).content


async def test_a_quota_is_by_the_minute(tmp_path: Path) -> None:
    async with simulator(tmp_path, "--quota-per-minute", "2") as running:
        answers = [await submit(running.base_url) for _ in range(3)]
        assert [one.status_code for one in answers] == [200, 200, 429]
        delay = answers[2].json()["error"]["details"][0]["retryDelay"]
        assert 0 < float(delay.removesuffix("s")) <= 60


async def test_a_simulator_that_is_told_to_stop_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))

    async with simulator(tmp_path) as running:
        await finished(running.base_url, (await submit(running.base_url)).json()["name"])
        assert list(temporary.iterdir())

    assert list(temporary.iterdir()) == []
    assert (tmp_path / "simulator.log").read_text() == ""


async def test_generations_outlive_the_process(tmp_path: Path) -> None:
    options = ("--state-directory", str(tmp_path / "state"))
    async with simulator(tmp_path, *options) as running:
        ended = (await submit(running.base_url)).json()["name"]
        before = await finished(running.base_url, ended)
        await running.tell("hold")
        open_still = (await submit(running.base_url)).json()["name"]
        await running.process.kill()
    async with simulator(tmp_path, *options) as running:
        assert await finished(running.base_url, ended) == before
        assert b"bytesBase64Encoded" in await finished(running.base_url, open_still)


async def test_interactions_outlive_the_process(tmp_path: Path) -> None:
    options = ("--state-directory", str(tmp_path / "state"))
    async with caller(tmp_path, *options) as calls:
        before = (await calls.create("x")).json()
        stopped = await calls.background("x [sim:never]")
        await calls.http.post(f"{PLATFORM}/{stopped}/cancel")
        deleted = await calls.background("x [sim:never]")
        await calls.http.delete(f"{PLATFORM}/{deleted}")
        await calls.running.tell("hold")
        open_still = await calls.background("x")
        await calls.running.process.kill()
    async with caller(tmp_path, *options) as calls:
        assert await calls.get(before["id"]) == before
        assert (await calls.get(stopped))["status"] == "cancelled"
        assert (await calls.http.get(f"{PLATFORM}/{deleted}")).status_code == 400
        assert video(await calls.finished(open_still))


async def test_the_workers_end_with_a_process_that_is_killed(tmp_path: Path) -> None:
    async with simulator(tmp_path) as running:
        name = (await submit(running.base_url)).json()["name"]
        await finished(running.base_url, name)
        workers = children(running.process.pid)
        assert workers
        await running.process.kill()
        for worker in workers:
            await asyncio.to_thread(gone, worker)


def test_it_ends_with_its_parents_pipe() -> None:
    command = [sys.executable, "-m", "veo_simulator", "--port", "0", "--parent-pipe"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert b"listening" in process.stdout.readline()
        process.stdin.close()
        assert process.wait(GUARD_SECONDS) == 0


@pytest.mark.parametrize("options", [("--port", "http"), ("--workers", "0"), ("--latency", "-1")])
def test_wrong_options_are_one_line(options: tuple[str, str]) -> None:
    ended = run(*options)
    assert ended.returncode == 2
    assert options[0] in ended.stderr.splitlines()[-1]


def test_a_taken_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ended = run("--port", str(taken.getsockname()[1]))
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert "cannot listen" in ended.stderr


def run(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "veo_simulator", *options],
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def children(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


def gone(pid: int) -> None:
    """Return once a process that is no child of ours has ended."""
    with contextlib.suppress(ProcessLookupError):
        descriptor = os.pidfd_open(pid)
        try:
            select.select([descriptor], [], [])
        finally:
            os.close(descriptor)
