# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A stranger gets from nothing to a TLS server with two keys and budgets by the guide alone."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes.running import GUARD_SECONDS
from project.markdown_snippets import snippets

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.timeout(3 * GUARD_SECONDS)
GUIDE = Path(__file__).parents[2] / "docs" / "operations.md"
TITLE = "From nothing to a TLS server with two keys and budgets"
SERVE = "longtake-server serve"


def section() -> str:
    found = re.search(rf"^## {TITLE}$.*?(?=^## |\Z)", GUIDE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[0]


def blocks(folder: Path) -> list[str]:
    """Return the commands of the section, with a port that is free."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    file = folder / "section.md"
    file.write_text(section().replace(":50051", f":{port}"))
    return snippets(file, "sh")


@contextmanager
def serving(block: str, folder: Path, environment: dict[str, str]) -> Iterator[None]:
    """Run a block whose last command serves, until the end of the context."""
    command = block.replace(SERVE, f"exec {SERVE}")
    with subprocess.Popen(
        ["bash", "-euc", command], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            assert any("is serving on" in line for line in server.stdout)
            yield
        finally:
            server.terminate()
            assert server.wait() == 0


def exports(block: str) -> str:
    """Return what a block leaves in the terminal that it was typed into."""
    kept = [line for line in block.splitlines() if line.startswith(("export ", "umask "))]
    return "".join(f"{line}\n" for line in kept)


def run(block: str, folder: Path, environment: dict[str, str]) -> list[str]:
    """Run a block, which must succeed, and return its lines."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", block],
        check=False, cwd=folder, env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout.splitlines()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the commands need openssl")
def test_each_command_of_the_walk_through_does_what_it_says(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    terminal = ""
    refused = []
    with ExitStack() as running:
        for block in blocks(tmp_path):
            if SERVE in block:
                running.enter_context(serving(terminal + block, tmp_path, environment))
                # The blocks that follow are typed into another terminal.
                terminal = ""
                continue
            refused.append(run(terminal + block, tmp_path, environment).count("refused"))
            terminal += exports(block)

    assert refused == [0, 0, 0, 0, 2, 1]
    for video in ("boat.mp4", "film.mp4"):
        assert (tmp_path / video).read_bytes()[4:8] == b"ftyp"
    assert (tmp_path / "ads.key").stat().st_mode & 0o077 == 0


def test_the_walk_through_names_only_variables_and_options_that_the_guide_explains() -> None:
    rest = GUIDE.read_text().replace(section(), "")
    server_variables = set(re.findall(r"LONGTAKE_[A-Z_]+", section())) - {
        "LONGTAKE_ADDRESS",
        "LONGTAKE_CA",
    }

    assert {name for name in server_variables if f"`{name}`" not in rest} == set()
