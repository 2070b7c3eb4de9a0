# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A full disk: one log line for each thing that is not stored, an error, and no traceback.

A real limit of the kernel on the size of files stands in for the full disk.
"""

from __future__ import annotations

import resource
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from processes.running import Simulator

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

MODEL = "v1/projects/p/locations/l/publishers/google/models/veo-3.1-lite-generate-001"
INTERACTIONS = "v1beta1/projects/p/locations/global/interactions"
# More than a short request and the log have, and less than a video has.
LIMIT = 4096
UNLIMITED = resource.RLIM_INFINITY


class Disk:
    """A simulator whose files can be limited in size."""

    def __init__(self, running: Simulator, http: httpx.AsyncClient, log: Path) -> None:
        self.http = http
        self._running = running
        self._log = log

    def limit(self, size: int) -> None:
        """Let no file of the simulator, or of its workers, grow above as many bytes."""
        pid = self._running.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for process in (pid, *map(int, children)):
            resource.prlimit(process, resource.RLIMIT_FSIZE, (size, UNLIMITED))

    async def submit(self, prompt: str, **parameters: Any) -> httpx.Response:
        body = {"instances": [{"prompt": prompt}], "parameters": parameters}
        return await self.http.post(f"{MODEL}:predictLongRunning", json=body)

    async def outcome(self, name: str) -> dict[str, Any]:
        await self.http.post("/simulator/wait", params={"operation": name})
        body = {"operationName": name}
        answer = await self.http.post(f"{MODEL}:fetchPredictOperation", json=body)
        operation: dict[str, Any] = answer.json()
        assert operation["done"]
        return operation

    def log(self) -> list[str]:
        return self._log.read_text().splitlines()


@asynccontextmanager
async def disk(folder: Path) -> AsyncIterator[Disk]:
    options = ("--state-directory", str(folder / "state"))
    async with (
        simulator(folder, *options) as running,
        httpx.AsyncClient(
            base_url=running.base_url,
            headers={"authorization": "Bearer t"},
            timeout=GUARD_SECONDS,
        ) as http,
    ):
        yield Disk(running, http, folder / "simulator.log")


def refused(error: dict[str, Any], code: int | str) -> None:
    assert error["code"] == code
    assert error["message"].endswith(" cannot be stored: File too large")


async def test_what_cannot_be_stored_is_refused_and_nothing_is_started(tmp_path: Path) -> None:
    async with disk(tmp_path) as full:
        full.limit(LIMIT)
        prompt = "a dog" * LIMIT
        refused((await full.submit(prompt)).json()["error"], 503)
        body = {"model": "gemini-omni-1.2-flash", "input": prompt, "background": True}
        answer = await full.http.post(INTERACTIONS, json=body)
        assert answer.status_code == 503
        refused(answer.json()["error"], "unavailable")
        upload = "upload/storage/v1/b/bucket/o?uploadType=media&name=image.png"
        refused((await full.http.post(upload, content=bytes(LIMIT + 1))).json()["error"], 503)
        assert (await full.http.get("/simulator/operations")).json()["operations"] == []
        kept = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
        assert kept == []
        log = full.log()
    assert len(log) == 3
    assert all(line.endswith("cannot be stored: File too large") for line in log)
    assert (tmp_path / "simulator.log").read_text().splitlines() == log


@pytest.mark.parametrize("storage", [{}, {"storageUri": "gs://bucket/out"}])
async def test_a_video_that_cannot_be_stored_ends_its_generation(
    tmp_path: Path, storage: dict[str, str]
) -> None:
    async with disk(tmp_path) as full:
        full.limit(LIMIT)
        name = (await full.submit("a dog", durationSeconds=4, **storage)).json()["name"]
        refused((await full.outcome(name))["error"], 14)
        log = full.log()
        assert len(log) == 1
        assert name in log[0]
        # Once there is room, all goes on.
        full.limit(UNLIMITED)
        name = (await full.submit("a dog", durationSeconds=4)).json()["name"]
        assert (await full.outcome(name))["response"]["videos"]
    assert (tmp_path / "simulator.log").read_text().splitlines() == log


async def test_an_outcome_that_cannot_be_stored_is_told_all_the_same(tmp_path: Path) -> None:
    async with disk(tmp_path) as full:
        name = (await full.submit("a dog [sim:fail] [sim:latency seconds=0]")).json()["name"]
        await full.outcome(name)
        (file,) = (tmp_path / "state").rglob("generation.json")
        await full.http.post("/simulator/hold")
        name = (await full.submit("a dog [sim:fail] [sim:latency seconds=0]")).json()["name"]
        # The same request fits; with its outcome, which says null until then, it does not.
        full.limit(file.stat().st_size - 40)
        await full.http.post("/simulator/release")
        assert (await full.outcome(name))["error"]["message"] == "Video generation failed."
        log = full.log()
    assert len(log) == 1
    assert log[0].endswith(f"The outcome of {name} cannot be stored: File too large")
    assert (tmp_path / "simulator.log").read_text().splitlines() == log
