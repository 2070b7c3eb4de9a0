# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Python code in the documents has no type errors, as a reader's own checker sees it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from project.markdown_snippets import snippets

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "client_stubs" / "python"
DOCUMENTS = (
    ROOT / "README.md",
    CLIENT / "README.md",
    ROOT / "docs" / "coming-from-google-genai.md",
)
PROGRAMS = Path(sys.executable).parent

# A document's snippets follow each other: they are checked as one program.
each_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix()
)


def _program(document: Path, folder: Path) -> Path:
    path = folder / "snippets.py"
    # Google's types are optional where its examples use them as they are.
    ours = [block for block in snippets(document, "python") if "from google" not in block]
    path.write_text("\n".join(ours))
    return path


def _run(folder: Path, *command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@each_document
def test_mypy_accepts_the_snippets(document: Path, tmp_path: Path) -> None:
    run = _run(ROOT, PROGRAMS / "mypy", "--strict", _program(document, tmp_path))

    assert run.returncode == 0, run.stdout


@each_document
def test_pyright_accepts_the_snippets(document: Path, tmp_path: Path) -> None:
    settings = {"typeCheckingMode": "standard", "extraPaths": [str(CLIENT)]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    assert _program(document, tmp_path).exists()
    run = _run(
        tmp_path,
        PROGRAMS / "basedpyright",
        "--project",
        tmp_path,
        "--pythonpath",
        sys.executable,
    )

    assert run.returncode == 0, run.stdout
    assert "0 errors" in run.stdout
