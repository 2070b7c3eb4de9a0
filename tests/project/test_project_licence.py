# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every file that was written by hand names its licence."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDERS = (
    "benchmarks",
    "client_stubs",
    "deploy",
    "examples",
    "protos",
    "scripts",
    "server",
    "tests",
    ".ci",
)
SUFFIXES = {".go", ".java", ".lua", ".py", ".pyi", ".proto", ".rs", ".sh", ".toml", ".ts", ".yaml"}
NOT_WRITTEN_HERE = {"dist", "gen", "node_modules", "target"}
BY_NAME = {"Makefile", "Dockerfile", "run"}
COPYRIGHT = "Copyright 2026 The Longtake Authors"
LICENCE = "SPDX-License-Identifier: Apache-2.0"


def _is_hand_written_source(path: Path) -> bool:
    return (
        path.is_file()
        and (path.suffix in SUFFIXES or path.name in BY_NAME)
        and "_pb2" not in path.name
        and NOT_WRITTEN_HERE.isdisjoint(path.parts)
    )


def test_every_source_file_names_its_licence() -> None:
    candidates = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    candidates += ROOT.iterdir()
    sources = [path for path in candidates if _is_hand_written_source(path)]
    without = []
    for path in sources:
        head = path.read_text()[:300]
        if COPYRIGHT not in head or LICENCE not in head:
            without.append(path.relative_to(ROOT).as_posix())

    assert len(sources) > 20
    assert without == []


def test_the_licence_text_is_the_original_and_comes_with_the_client_too() -> None:
    text = (ROOT / "LICENSE").read_bytes()

    original = "cfc7749b96f63bd31c3c42b5c471bf756814053e847c10f3eb003417bc523d30"
    assert sha256(text).hexdigest() == original
    assert (ROOT / "client_stubs/python/LICENSE").read_bytes() == text
