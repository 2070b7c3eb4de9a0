# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Environments of their own for packages under test."""

from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest

from processes.turns import BUILD, turn

if TYPE_CHECKING:
    from pathlib import Path


def new_environment(folder: Path) -> Path:
    """Make an empty environment in a folder, and return its Python. It has no pip."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "--clear", folder], check=True)
    return folder / "bin" / "python"


def pip(python: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run pip for an environment."""
    # By this environment's pip: to install another takes longer than all that it would do.
    command = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    return subprocess.run(
        (*command, *arguments),
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def locked_environment(name: str, lock: Path, probe: str) -> Path:
    """Return the Python of an environment that is kept between runs; make it if need be.

    Skips the test where no package index can be reached.

    Args:
        name: The name of its folder.
        lock: The packages, with hashes.
        probe: One of them, to tell whether a package index can be reached.
    """
    with turn(name):
        return _made(BUILD / name, lock, probe)


def _made(folder: Path, lock: Path, probe: str) -> Path:
    python = folder / "bin" / "python"
    ready = folder / "ready"
    wanted = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if ready.is_file() and ready.read_text() == wanted:
        return python
    new_environment(folder)
    locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", lock)
    installed = pip(python, "install", "--no-compile", *locked)
    if installed.returncode != 0:
        probed = pip(python, "download", "--no-deps", "-d", folder, "--retries", "0", probe)
        if probed.returncode != 0:
            pytest.skip(f"no package index can be reached: {probed.stderr.strip()[-200:]}")
        raise AssertionError(installed.stderr)
    ready.write_text(wanted)
    return python
