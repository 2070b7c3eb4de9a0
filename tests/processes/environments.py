# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Environments of their own for packages under test."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

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
