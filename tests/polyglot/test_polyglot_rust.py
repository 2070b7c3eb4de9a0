# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Rust client: built, and run against a real server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from polyglot.conformance import conform
from polyglot.credentials import example, sends_no_key_in_plaintext, works_by_its_key_alone
from polyglot.example import generate_beside_a_dead_server
from polyglot.expiring import resumes_after_its_credential_expired
from polyglot.toolchains import BUILD_SECONDS, ROOT, need, run
from polyglot.watching_all import (
    begins_again_after_an_expired_position,
    loses_nothing_over_a_kill,
)

CRATE = ROOT / "client_stubs" / "rust"
EXAMPLES = ROOT / "build/rust/debug/examples"
BUF = Path(sys.executable).with_name("buf")

pytestmark = pytest.mark.timeout(BUILD_SECONDS)


@pytest.fixture(scope="module")
def programs() -> Path:
    """The crate's programs, built with the locked versions."""
    need("cargo")
    run("cargo", "build", "-j1", "--locked", "--examples", folder=CRATE)
    return EXAMPLES


async def test_the_rust_client_conforms(programs: Path, tmp_path: Path) -> None:
    await conform(tmp_path, programs / "conformance")


async def test_a_rust_watch_of_all_loses_nothing_over_a_kill(
    programs: Path, tmp_path: Path
) -> None:
    await loses_nothing_over_a_kill(tmp_path, programs / "watch_all")


async def test_a_rust_watch_of_all_begins_again_after_an_expired_position(
    programs: Path, tmp_path: Path
) -> None:
    await begins_again_after_an_expired_position(tmp_path, programs / "watch_all")


async def test_the_rust_example_generates_over_the_server_that_lives(
    programs: Path, tmp_path: Path
) -> None:
    await generate_beside_a_dead_server(tmp_path, programs / "generate")


async def test_the_rust_example_works_by_its_key_alone(programs: Path, tmp_path: Path) -> None:
    await works_by_its_key_alone(example(programs / "generate"), tmp_path)


async def test_the_rust_example_sends_no_key_in_plaintext(programs: Path, tmp_path: Path) -> None:
    await sends_no_key_in_plaintext(example(programs / "generate"), tmp_path)


async def test_the_rust_example_goes_on_after_its_credential_expired(
    programs: Path, tmp_path: Path
) -> None:
    await resumes_after_its_credential_expired(example(programs / "generate"), tmp_path)


def test_rust_reads_and_writes_the_golden_messages(programs: Path, tmp_path: Path) -> None:
    golden, descriptors = ROOT / "tests" / "golden", tmp_path / "descriptors"
    what = ("--path", "protos/longtake/v1", "--path", "third_party/protos/google/rpc")
    run(BUF, "build", "--as-file-descriptor-set", "-o", f"{descriptors}#format=binpb", *what)
    run(programs / "golden", descriptors, golden, tmp_path)

    names = sorted(path.stem for path in golden.glob("*.binpb"))
    assert names
    for name in names:
        assert (tmp_path / f"{name}.binpb").read_bytes() == (golden / f"{name}.binpb").read_bytes()
        written = json.loads((tmp_path / f"{name}.json").read_text())
        assert written == json.loads((golden / f"{name}.json").read_text())


def test_the_crates_own_tests_and_what_its_documents_show_pass(programs: Path) -> None:
    assert programs.is_dir()
    for part in ("--lib", "--doc"):
        told = run("cargo", "test", "-j1", "--locked", part, folder=CRATE)
        assert "test result: ok" in told


def test_the_generated_rust_is_fresh(programs: Path, tmp_path: Path) -> None:
    assert programs.is_dir()
    run(ROOT / "scripts/generate_rust.sh", tmp_path, environment={"BUF": str(BUF)})

    in_tree = _files(CRATE / "src" / "gen")
    assert in_tree
    assert in_tree == _files(tmp_path / "client_stubs/rust/src/gen"), "run: make proto"


def _files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir()}
