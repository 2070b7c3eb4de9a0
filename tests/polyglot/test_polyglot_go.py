# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Go client builds, is fresh, passes its own tests and conforms."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from polyglot.conformance import conform
from polyglot.credentials import example, sends_no_key_in_plaintext, works_by_its_key_alone
from polyglot.one_server_example import make_a_video
from polyglot.toolchains import BUILD_SECONDS, ROOT, need, run
from polyglot.watching_all import (
    begins_again_after_an_expired_position,
    loses_nothing_over_a_kill,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

MODULE = ROOT / "client_stubs" / "go"


@pytest.fixture(autouse=True)
def _go() -> None:
    need("go")


def _generated(module: Path) -> dict[str, str]:
    return {
        path.relative_to(module).as_posix(): path.read_text(encoding="utf-8")
        for pattern in ("*.pb.go", "service_config.json")
        for path in module.rglob(pattern)
    }


def test_the_generated_go_code_is_fresh(tmp_path: Path) -> None:
    generate = ROOT / "scripts" / "generate_go.sh"
    run(generate, tmp_path, environment={"PYTHON": sys.executable, "GOFLAGS": "-p=1"})
    expected = _generated(tmp_path / "client_stubs" / "go")
    assert expected
    assert _generated(MODULE) == expected, "run: make proto"


def test_the_go_module_is_vetted_formatted_and_passes_its_tests() -> None:
    assert run("gofmt", "-l", ".", folder=MODULE) == ""
    run("go", "vet", "-p=1", "./...", folder=MODULE)
    run("go", "test", "-p=1", "./...", folder=MODULE)
    run("go", "mod", "tidy", "-diff", folder=MODULE)


async def test_the_go_client_conforms(tmp_path: Path) -> None:
    program = ROOT / "build" / "go" / "conformance"
    run("go", "build", "-p=1", "-o", program, "./conformance", folder=MODULE)
    await conform(tmp_path, program)


@pytest.fixture(scope="module")
def watch_all() -> Path:
    """The program that tells the events of a watch of all operations."""
    need("go")
    program = ROOT / "build" / "go" / "watchall"
    run("go", "build", "-p=1", "-o", program, "./conformance/watchall", folder=MODULE)
    return program


async def test_a_go_watch_of_all_loses_nothing_over_a_kill(watch_all: Path, tmp_path: Path) -> None:
    await loses_nothing_over_a_kill(tmp_path, watch_all)


async def test_a_go_watch_of_all_begins_again_after_an_expired_position(
    watch_all: Path, tmp_path: Path
) -> None:
    await begins_again_after_an_expired_position(tmp_path, watch_all)


@pytest.fixture(scope="module")
def generate() -> Path:
    """The example."""
    need("go")
    program = ROOT / "build" / "go" / "generate"
    run("go", "build", "-p=1", "-o", program, "./examples/generate", folder=MODULE)
    return program


async def test_the_go_example_makes_a_video(generate: Path, tmp_path: Path) -> None:
    await make_a_video(tmp_path, generate)


async def test_the_go_example_works_by_its_key_alone(generate: Path, tmp_path: Path) -> None:
    await works_by_its_key_alone(example(generate), tmp_path)


async def test_the_go_example_sends_no_key_in_plaintext(generate: Path, tmp_path: Path) -> None:
    await sends_no_key_in_plaintext(example(generate), tmp_path)
