# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The README's first calls, run as they stand there. The one by curl is in tests/edge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from polyglot.first_call import block, makes_a_video
from polyglot.toolchains import BUILD_SECONDS, ROOT, need, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

GO = ROOT / "client_stubs" / "go"


async def test_the_first_call_in_python(tmp_path: Path) -> None:
    (tmp_path / "first_call.py").write_text(block("python"))
    await makes_a_video(tmp_path, sys.executable, tmp_path / "first_call.py")


async def test_the_first_call_in_go(tmp_path: Path) -> None:
    need("go")
    (tmp_path / "main.go").write_text(block("go"))
    run("go", "build", "-p=1", "-o", tmp_path / "first_call", tmp_path / "main.go", folder=GO)
    await makes_a_video(tmp_path, tmp_path / "first_call")
