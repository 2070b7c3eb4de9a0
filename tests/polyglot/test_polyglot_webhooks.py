# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The examples that verify events, each with the requests of a real server's operations."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from longtake import AsyncClient
from longtake._webhook_signing import new_secret
from processes.running import server

from polyglot.toolchains import BUILD_SECONDS, ROOT, need, npm_install, run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

EXAMPLES = ROOT / "examples" / "webhooks"
LONGTAKE = Path(sys.executable).with_name("longtake")
MODEL = "veo-3.1-lite-generate-001"
Command = tuple[str | Path, ...]


def _python() -> Command:
    return sys.executable, EXAMPLES / "python" / "receive.py"


def _go() -> Command:
    need("go")
    program = ROOT / "build" / "go" / "webhooks"
    run("go", "build", "-p=1", "-o", program, ".", folder=EXAMPLES / "go")
    run("go", "vet", "-p=1", "./...", folder=EXAMPLES / "go")
    assert run("gofmt", "-l", ".", folder=EXAMPLES / "go") == ""
    return (program,)


def _typescript() -> Command:
    folder = EXAMPLES / "typescript"
    npm_install(folder)
    run("npx", "tsc", folder=folder)
    return "node", folder / "dist" / "receive.js"


@pytest.mark.parametrize("build", [_python, _go, _typescript])
async def test_an_example_takes_real_events_once_and_refuses_forged_ones(
    build: Callable[[], Command], tmp_path: Path
) -> None:
    secret = new_secret()
    async with (
        server(tmp_path, simulator_latency_seconds="0") as longtake,
        _started(*build(), "0", secret=secret) as example,
    ):
        await longtake.start()
        url = (await _line(example)).split()[-1]
        forward = ("webhooks", "listen", "--forward-to", url, "--address", longtake.address)
        more = ("--event", "operation.running", "--event", "operation.succeeded")
        async with (
            _started(LONGTAKE, *forward, *more, secret=secret) as listening,
            AsyncClient(longtake.address) as client,
        ):
            assert listening.stderr is not None
            await listening.stderr.readline()
            name = (await client.models.generate_videos(model=MODEL, prompt="a dog")).name
            said = [await _line(listening)]
            while not said[-1].startswith("operation.succeeded"):
                said.append(await _line(listening))
        assert all(f"{name}  204  " in line for line in said)
        received = [await _line(example) for _ in said]
        assert received[-1] == f"operation.succeeded {name}"
        assert await _forged(url) == 400


async def _forged(url: str) -> int:
    headers = {"webhook-id": "1.1", "webhook-timestamp": "1", "webhook-signature": "v1,AAAA"}
    async with httpx.AsyncClient(timeout=BUILD_SECONDS) as sender:
        return (await sender.post(url, content=b"{}", headers=headers)).status_code


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode().rstrip()
    assert line, "it has ended"
    return line


@asynccontextmanager
async def _started(*command: str | Path, secret: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        env={**os.environ, "WEBHOOK_SECRET": secret, "LONGTAKE_WEBHOOK_SECRET": secret},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        process.kill()
        await process.communicate()
