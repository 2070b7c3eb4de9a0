# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands in docs/upstreams.md run and print what the document shows."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from processes.running import Simulator

pytestmark = [pytest.mark.timeout(GUARD_SECONDS), pytest.mark.asyncio(loop_scope="module")]

DOCUMENT = (Path(__file__).parents[2] / "docs/upstreams.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```\n.*?```text\n(.*?)```\n", DOCUMENT, re.DOTALL)
PORT_IN_DOCUMENT = "8085"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def google(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Simulator]:
    async with simulator(tmp_path_factory.mktemp("google")) as running:
        yield running


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def run(commands: str, folder: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LONGTAKE_")}
    path = f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}"
    shell = subprocess.Popen(
        ["bash", "-c", f"set -m\n{commands}"],
        env={**kept, "PATH": path, **settings},
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, errors = shell.communicate(timeout=GUARD_SECONDS)
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGKILL)
    return subprocess.CompletedProcess(shell.args, shell.returncode, printed, errors)


async def test_each_block_has_its_output() -> None:
    assert len(BLOCKS) == 4
    assert DOCUMENT.count("```sh\n") == DOCUMENT.count("```text\n") == 4


@pytest.mark.parametrize("number", range(4))
async def test_a_block_prints_what_the_document_shows(
    tmp_path: Path, google: Simulator, number: int
) -> None:
    commands, shown = BLOCKS[number]
    in_place_of_google = {
        1: {
            "LONGTAKE_GOOGLE_BASE_URL": google.base_url,
            # The tests have no credentials of Google.
            "LONGTAKE_GOOGLE_ACCESS_TOKEN": "fine",
        },
        2: {"LONGTAKE_GEMINI_BASE_URL": google.base_url},
    }
    commands = commands.replace(PORT_IN_DOCUMENT, free_port())
    ended = run(commands, tmp_path, **in_place_of_google.get(number, {}))
    lines = [line for line in ended.stdout.partition("\n\n")[2].splitlines() if line]
    assert lines == shown.splitlines(), ended.stdout + ended.stderr
