# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Building with other languages' tools, where they are there."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from processes.turns import BUILD, turn

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[2]
# First builds download packages.
BUILD_SECONDS = 1200
GRPCURL = "github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.4"
_TOLD_LINES = 60


def need(*programs: str) -> None:
    """Skip the test, and say why, unless these are on the path."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


def run(
    *command: str | Path, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> str:
    """Run a command to its end and return its output; fail with the end of it otherwise."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    told = "\n".join(done.stdout.splitlines()[-_TOLD_LINES:])
    assert done.returncode == 0, f"{command[0]} ended with {done.returncode}:\n{told}"
    return done.stdout


def npm_install(package: Path) -> None:
    """Install the locked packages of an npm package, unless they are there. Blocks."""
    need("node", "npm")
    lock, installed = package / "package-lock.json", package / "node_modules/.package-lock.json"
    # npm removes all packages first, also those that another worker uses already.
    with turn(f"npm-{package.parent.name}-{package.name}"):
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", folder=package)


def go_install(package: str) -> Path:
    """Return the program of a Go package with a version; build it if need be. Blocks."""
    need("go")
    path, _, version = package.partition("@")
    folder, name = BUILD / "bin" / version, path.rpartition("/")[2]
    with turn(f"go-{name}-{version}"):
        if not (folder / name).exists():
            run("go", "install", "-p=1", package, environment={"GOBIN": str(folder)})
    return folder / name
