# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What importing the Python client brings in."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def _modules_after(statement: str) -> set[str]:
    program = f"import json, sys; {statement}; print(json.dumps(list(sys.modules)))"
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return {name.partition(".")[0] for name in json.loads(run.stdout)}


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import longtake", {"grpc", "google", "typer", "rich"}),
        ("import longtake.types, longtake.errors", {"grpc", "google", "typer", "rich"}),
        ("import longtake.v1.video_service_pb2", {"grpc", "typer", "rich"}),
        ("from longtake import Client, AsyncClient", {"typer", "rich"}),
        ("import longtake.cli", {"grpc", "google"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_only_what_is_used_is_imported(statement: str, absent: set[str]) -> None:
    assert _modules_after(statement) & absent == set()


def test_every_name_of_the_package_is_there() -> None:
    program = "import longtake; print([getattr(longtake, name) for name in longtake.__all__])"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
