# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The TypeScript client on Node.js: built, typed, run against a real server."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from project.markdown_snippets import snippets

from polyglot.conformance import conform
from polyglot.credentials import example, sends_no_key_in_plaintext, works_by_its_key_alone
from polyglot.example import generate_beside_a_dead_server
from polyglot.expiring import resumes_after_its_credential_expired
from polyglot.first_call import block, makes_a_video, says_why_it_failed
from polyglot.toolchains import BUILD_SECONDS, ROOT, npm_install, run
from polyglot.watching_all import (
    begins_again_after_an_expired_position,
    loses_nothing_over_a_kill,
)

PACKAGE = ROOT / "client_stubs" / "typescript"
BUF = Path(sys.executable).with_name("buf")
EXAMPLE = "examples/generate.js"
WATCH_ALL = "conformance/watch_all.js"

# What snippets use that go on from the one before.
CLIENT_AND_OPERATION = """import { connect } from "@longtake/client";
const client = connect();
const operation = await client.service.getOperation({ name: "operations/1" });
"""

pytestmark = pytest.mark.timeout(BUILD_SECONDS)


@pytest.fixture(scope="module")
def programs() -> Path:
    """The package with all its types checked, and its programs."""
    npm_install(PACKAGE)
    run("npm", "run", "build", folder=PACKAGE)
    return PACKAGE / "dist"


async def test_the_typescript_client_conforms(programs: Path, tmp_path: Path) -> None:
    await conform(tmp_path, "node", programs / "conformance" / "conformance.js")


async def test_a_typescript_watch_of_all_loses_nothing_over_a_kill(
    programs: Path, tmp_path: Path
) -> None:
    await loses_nothing_over_a_kill(tmp_path, "node", programs / WATCH_ALL)


async def test_a_typescript_watch_of_all_begins_again_after_an_expired_position(
    programs: Path, tmp_path: Path
) -> None:
    await begins_again_after_an_expired_position(tmp_path, "node", programs / WATCH_ALL)


async def test_the_typescript_example_generates_over_the_server_that_lives(
    programs: Path, tmp_path: Path
) -> None:
    await generate_beside_a_dead_server(tmp_path, "node", programs / EXAMPLE)


async def test_the_typescript_example_works_by_its_key_alone(
    programs: Path, tmp_path: Path
) -> None:
    await works_by_its_key_alone(example("node", programs / EXAMPLE), tmp_path)


async def test_the_typescript_example_sends_no_key_in_plaintext(
    programs: Path, tmp_path: Path
) -> None:
    await sends_no_key_in_plaintext(example("node", programs / EXAMPLE), tmp_path)


async def test_the_typescript_example_goes_on_after_its_credential_expired(
    programs: Path, tmp_path: Path
) -> None:
    await resumes_after_its_credential_expired(example("node", programs / EXAMPLE), tmp_path)


async def test_the_readmes_first_call_in_typescript(programs: Path, tmp_path: Path) -> None:
    # Within the package, which can import itself by its name; it has no types to strip.
    program = programs / "first_call.mjs"
    program.write_text(block("ts"))
    await makes_a_video(tmp_path, "node", program)


def test_the_readmes_code_passes_a_default_tsc(programs: Path) -> None:
    # Within the package, as above, and with none of its settings.
    codes = [*snippets(ROOT / "README.md", "ts"), *snippets(PACKAGE / "README.md", "ts")]
    files = [programs / f"snippet_{index}.ts" for index in range(len(codes))]
    for file, code in zip(files, codes, strict=True):
        file.write_text(code if "const client" in code else CLIENT_AND_OPERATION + code)
    run("npx", "tsc", "--noEmit", "--ignoreConfig", *files, folder=programs)


async def test_the_readmes_first_call_says_why_a_generation_failed(
    programs: Path, tmp_path: Path
) -> None:
    program = programs / "failing_call.mjs"
    program.write_text(block("ts"))
    await says_why_it_failed(tmp_path, "node", program)


def test_typescript_reads_and_writes_the_golden_messages(programs: Path, tmp_path: Path) -> None:
    golden = ROOT / "tests" / "golden"
    run("node", programs / "conformance" / "golden.js", golden, tmp_path)

    names = sorted(path.stem for path in golden.glob("*.binpb"))
    assert names
    for name in names:
        assert (tmp_path / f"{name}.binpb").read_bytes() == (golden / f"{name}.binpb").read_bytes()
        written = json.loads((tmp_path / f"{name}.json").read_text())
        assert written == json.loads((golden / f"{name}.json").read_text())


def test_the_generated_typescript_is_fresh(programs: Path, tmp_path: Path) -> None:
    assert programs.is_dir()
    run(ROOT / "scripts/generate_typescript.sh", tmp_path, environment={"BUF": str(BUF)})

    in_tree = _files(PACKAGE / "src" / "gen")
    assert in_tree
    assert in_tree == _files(tmp_path / "client_stubs/typescript/src/gen"), "run: make proto"


def test_the_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (PACKAGE / "package-lock.json").read_text()


def _files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*.ts")}
