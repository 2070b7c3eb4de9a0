# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/api/openapi.yaml from the protos with gnostic's protoc plugin. Needs Go."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from scripts.openapi_corrections import corrected
from scripts.write_descriptor_set import FOLDER, ROOT

OPENAPI = ROOT / "docs" / "api" / "openapi.yaml"
PLUGIN = "github.com/google/gnostic/cmd/protoc-gen-openapi@v0.7.1"
PLUGINS = ROOT / "build" / "bin"
OPTIONS = "title=Longtake,version=v1,naming=json,enum_type=string,default_response=true"
LICENCE = """# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
#
# Written by `make proto`; do not edit it.
"""
_WIDTH = 100


def openapi() -> str:
    """Return the OpenAPI description of the current protos.

    Raises:
        KeyError: The plugin's output lacks a part that is corrected.
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
        description = yaml.safe_load((Path(folder) / "openapi.yaml").read_text())
    text = yaml.dump(corrected(_tidied(description)), Dumper=_Dumper, sort_keys=False, width=_WIDTH)
    return LICENCE + "\n" + text


class _Dumper(yaml.SafeDumper):
    """Writes multi-line text as literal blocks, and no aliases."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Return the YAML node of a string."""
        style = "|" if "\n" in text else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _tidied(node: Any) -> Any:
    """Return the node with white space at the ends of each line of text removed."""
    if isinstance(node, dict):
        return {key: _tidied(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_tidied(value) for value in node]
    if isinstance(node, str):
        return "\n".join(line.strip() for line in node.splitlines())
    return node


if __name__ == "__main__":
    OPENAPI.write_text(openapi())
