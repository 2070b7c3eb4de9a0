# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The generated Python code in the tree is what its sources give today."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import generate_blocking

ROOT = Path(__file__).parents[2]
GENERATED = ("client_stubs/python", "server")
BLOCKING = ROOT / "client_stubs" / "python" / "longtake" / "_sync"


def _generated_files(root: Path) -> dict[str, str]:
    return {
        path.relative_to(root).as_posix(): path.read_text()
        for folder in GENERATED
        for pattern in ("*_pb2.py*", "*_pb2_grpc.py*")
        for path in (root / folder).rglob(pattern)
        if path.suffix in {".py", ".pyi"}
    }


def test_generated_code_is_fresh(tmp_path: Path) -> None:
    subprocess.run(
        [ROOT / "scripts" / "generate_python.sh", tmp_path],
        check=True,
        env=os.environ | {"PYTHON": sys.executable},
    )

    in_tree, expected = _generated_files(ROOT), _generated_files(tmp_path)

    assert expected
    assert sorted(in_tree) == sorted(expected), "run: make proto"
    stale = [name for name, text in expected.items() if in_tree[name] != text]
    assert stale == [], "run: make proto"


def test_the_blocking_half_of_the_client_is_fresh(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, ROOT / "scripts" / "generate_blocking.py", tmp_path], check=True
    )

    in_tree = {path.name: path.read_text() for path in BLOCKING.glob("*.py")}
    expected = {path.name: path.read_text() for path in tmp_path.glob("*.py")}

    assert expected
    assert in_tree.keys() - expected.keys() == generate_blocking.BY_HAND, "run: make sync"
    stale = [name for name, text in expected.items() if in_tree.get(name) != text]
    assert stale == [], "run: make sync"


def test_a_name_that_no_source_uses_stops_the_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(generate_blocking.NAMES, "AsyncNothing", "Nothing")

    with pytest.raises(SystemExit, match=r"no source uses \['AsyncNothing'\]"):
        generate_blocking.main(tmp_path)


@pytest.mark.parametrize("left", ["AsyncThing", "SyncThing", "asyncio", "`await` this"])
def test_what_is_left_of_the_asynchronous_half_stops_the_generator(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, left: str
) -> None:
    sources = tmp_path / "_async"
    sources.mkdir()
    (sources / "calls.py").write_text(f'"""A {left}."""\n')
    monkeypatch.setattr(generate_blocking, "SOURCES", sources)
    monkeypatch.setattr(generate_blocking, "NAMES", {})

    with pytest.raises(SystemExit, match=r"calls\.py:1: .* is left: reword it, or add it to NAMES"):
        generate_blocking.main(tmp_path / "_sync")
