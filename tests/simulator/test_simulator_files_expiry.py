# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A file of the Developer API is there for two days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from veo_simulator.developer_files import KEPT_SECONDS, DeveloperFiles
from veo_simulator.directives import parse

if TYPE_CHECKING:
    from pathlib import Path


def test_a_file_is_gone_after_two_days(tmp_path: Path) -> None:
    now = [1_000.0]
    files = DeveloperFiles(tmp_path, lambda: now[0])
    name = files.put(b"video", parse("x"))
    now[0] += KEPT_SECONDS - 1
    assert files.read(name) == b"video"
    now[0] += 1
    assert files.ask(name) is None
    assert not list(tmp_path.iterdir())
