# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""schemathesis finds no difference between the OpenAPI description and the edge."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from scripts.write_openapi import OPENAPI

if TYPE_CHECKING:
    from edge.edge_running import Edge

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIGURATION = Path(__file__).parent / "schemathesis.toml"


async def test_schemathesis_finds_nothing(edge: Edge, tmp_path: Path) -> None:
    names = [(await edge.generated())["name"] for _ in range(2)]
    operation, deleted = (name.removeprefix("operations/") for name in names)
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "schemathesis",
        *("--config-file", CONFIGURATION, "run", OPENAPI, "--checks", "all"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "EDGE": edge.url, "OPERATION": operation, "DELETED": deleted},
    )
    output, _ = await process.communicate()

    told = output.decode()
    assert process.returncode == 0, told
    assert re.search(r"Tested: 23\b", told), told
