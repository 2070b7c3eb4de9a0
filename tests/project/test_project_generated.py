# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The generated Python code in the tree is what the protos give today."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = ("client_stubs/python", "server")


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
