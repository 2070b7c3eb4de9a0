# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The README's first calls, run as they stand there. The one by curl is in tests/edge."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from polyglot.first_call import block, makes_a_video, says_why_it_failed
from polyglot.toolchains import BUILD_SECONDS, ROOT, need, run

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

GO = ROOT / "client_stubs" / "go"


async def test_the_first_call_in_python(tmp_path: Path) -> None:
    (tmp_path / "first_call.py").write_text(block("python"))
    await makes_a_video(tmp_path, sys.executable, tmp_path / "first_call.py")


async def test_the_first_call_in_go(first_call_in_go: Path, tmp_path: Path) -> None:
    await makes_a_video(tmp_path, first_call_in_go)


async def test_the_first_call_in_go_says_why_a_generation_failed(
    first_call_in_go: Path, tmp_path: Path
) -> None:
    await says_why_it_failed(tmp_path, first_call_in_go)


@pytest.fixture(scope="module")
def first_call_in_go(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("go")
    folder = tmp_path_factory.mktemp("go")
    (folder / "main.go").write_text(block("go"))
    run("go", "build", "-p=1", "-o", folder / "first_call", folder / "main.go", folder=GO)
    return folder / "first_call"
