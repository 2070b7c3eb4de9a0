# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Environments of their own for other versions of Google's SDK, kept between runs."""

from __future__ import annotations

import fcntl
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from processes.environments import new_environment, pip

ROOT = Path(__file__).parents[2]
OLDER, NEWEST = "2.19.0", "3.6.1"
"""The versions that can be had. The newest comes with aiohttp, which it prefers to httpx."""


def other_python(version: str) -> Path:
    """Return the interpreter that has this google-genai; make its environment if need be.

    Skips the test where no package index can be reached.
    """
    folder = ROOT / "build" / f"sdk-{version}"
    folder.parent.mkdir(exist_ok=True)
    with folder.with_name("sdk.lock").open("w") as lock:
        # Several workers of one run may want it at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _made(folder, version)


def _made(folder: Path, version: str) -> Path:
    python = folder / "bin" / "python"
    ready = folder / "ready"
    lock = Path(__file__).with_name(f"google-genai-{version}.lock")
    wanted = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
    if ready.is_file() and ready.read_text() == wanted:
        return python
    new_environment(folder)
    locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", lock)
    installed = pip(python, "install", "--no-compile", *locked)
    if installed.returncode != 0:
        probe = pip(
            *(python, "download", "--no-deps", "-d", folder, "--retries", "0"),
            f"google-genai=={version}",
        )
        if probe.returncode != 0:
            pytest.skip(f"no package index can be reached: {probe.stderr.strip()[-200:]}")
        raise AssertionError(installed.stderr)
    ready.write_text(wanted)
    return python
