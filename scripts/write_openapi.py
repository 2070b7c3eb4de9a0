# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/api/openapi.yaml from the protos, by gnostic's plugin; needs Go."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.write_descriptor_set import FOLDER, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

OPENAPI = ROOT / "docs" / "api" / "openapi.yaml"
PLUGIN = "github.com/google/gnostic/cmd/protoc-gen-openapi@v0.7.1"
PLUGINS = ROOT / "build" / "bin"
OPTIONS = "title=Longtake,version=v1,naming=json,enum_type=string,default_response=true"
LICENCE = """# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Written by `make proto`; do not edit it.
"""
# What the plugin does not know: where the edge is, what Envoy makes of a stream, that the body of
# a request does not repeat the name in its path, and that a comment's lines begin after a space.
_JSON = r"application/json:\n( +)schema:\n +\$ref: '#/components/schemas/"
_BODY_NAME = (
    r"(        (?:Cancel|Wait)OperationRequest:\n) +required:\n +- name\n"
    r"( +type: object\n +properties:\n) +name:\n +type: string\n +description: .*\n"
)
_CORRECTIONS = (
    (r"\A(?:#.*\n)+", LICENCE, 1),
    (r"- url: https://longtake\.dev\n", "- url: http://127.0.0.1:8080\n", 1),
    (
        _JSON + r"(WatchOperations?Response)'\n",
        r"""text/event-stream:
\1schema:
\1    $ref: '#/components/schemas/\2'
""",
        2,
    ),
    (
        _JSON + r"DownloadVideoResponse'\n",
        r"""video/*:
\1schema:
\1    type: string
\1    format: binary
""",
        1,
    ),
    (r"        DownloadVideoResponse:\n(?: {12}.*\n)+", "", 1),
    (_BODY_NAME, r"\1\2", 2),
    (r"properties:\n( +description: The request of CancelOperation)", r"properties: {}\n\1", 1),
)


def openapi() -> str:
    """Return the description that the protos give today.

    Raises:
        RuntimeError: The plugin writes what this does not expect.
        subprocess.CalledProcessError: The plugin cannot be installed, or the protos do not compile.

    """
    PLUGINS.mkdir(parents=True, exist_ok=True)
    subprocess.run(["go", "install", PLUGIN], check=True, env=os.environ | {"GOBIN": str(PLUGINS)})
    with tempfile.TemporaryDirectory() as folder:
        sources = sorted(str(path) for path in (ROOT / FOLDER).glob("*.proto"))
        command = [
            *(sys.executable, "-m", "grpc_tools.protoc"),
            *(f"-I{ROOT / 'protos'}", f"-I{ROOT / 'third_party/protos'}"),
            f"--plugin=protoc-gen-openapi={PLUGINS / 'protoc-gen-openapi'}",
            *(f"--openapi_out={folder}", f"--openapi_opt={OPTIONS}"),
        ]
        subprocess.run([*command, *sources], check=True)
        return _corrected((Path(folder) / "openapi.yaml").read_text())


def _corrected(text: str) -> str:
    for pattern, replacement, times in _CORRECTIONS:
        text, found = re.subn(pattern, replacement, text)
        if found != times:
            raise RuntimeError(f"{pattern!r} is in the plugin's output {found} times, not {times}")
    return "".join(_without_first_spaces(text))


def _without_first_spaces(text: str) -> Iterator[str]:
    """Yield the lines; those of a description have no space before them but their margin."""
    margin: str | None = None
    in_block = False
    for line in text.splitlines(keepends=True):
        indent = line[: len(line) - len(line.lstrip())]
        if in_block and margin is None:
            margin = indent
        if margin is not None and line.strip():
            in_block = line.startswith(margin)
        if not in_block:
            margin = None
            in_block = line.endswith("description: |-\n")
            yield line
        elif line.strip():
            yield f"{margin}{line.removeprefix(margin or '').removeprefix(' ')}"
        else:
            yield line


if __name__ == "__main__":
    OPENAPI.write_text(openapi())
