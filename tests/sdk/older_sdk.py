# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An environment of its own for an older version of Google's SDK, kept between runs."""

from __future__ import annotations

import fcntl
import sys
from hashlib import sha256
from pathlib import Path

import pytest
from processes.environments import new_environment, pip

ROOT = Path(__file__).parents[2]
LOCK = Path(__file__).with_name("google-genai-2.19.0.lock")
FOLDER = ROOT / "build" / "sdk-2.19.0"


def older_python() -> Path:
    """Return the interpreter that has google-genai 2.19.0; make its environment if need be.

    Skips the test where no package index can be reached.
    """
    FOLDER.parent.mkdir(exist_ok=True)
    with FOLDER.with_name("sdk.lock").open("w") as lock:
        # Several workers of one run may want it at the same time.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _made()


def _made() -> Path:
    python = FOLDER / "bin" / "python"
    ready = FOLDER / "ready"
    wanted = sha256(LOCK.read_bytes() + sys.version.encode()).hexdigest()
    if ready.is_file() and ready.read_text() == wanted:
        return python
    new_environment(FOLDER)
    locked = ("--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", LOCK)
    installed = pip(python, "install", "--no-compile", *locked)
    if installed.returncode != 0:
        probe = pip(
            python, "download", "--no-deps", "-d", FOLDER, "--retries", "0", "google-genai==2.19.0"
        )
        if probe.returncode != 0:
            pytest.skip(f"no package index can be reached: {probe.stderr.strip()[-200:]}")
        raise AssertionError(installed.stderr)
    ready.write_text(wanted)
    return python
