# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Java client builds from the protos, passes its own tests and conforms."""

from __future__ import annotations

import os
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

MODULE = ROOT / "client_stubs" / "java"
TARGET = MODULE / "target"
EXAMPLE = "dev.longtake.examples.Generate"
WATCH_ALL = "dev.longtake.conformance.WatchAllConformance"


@pytest.fixture(scope="module")
def classpath() -> str:
    """Build it, run its own tests, and return where the programs are."""
    need("java", "mvn")
    run("mvn", "--batch-mode", "--no-transfer-progress", "package", folder=MODULE)
    libraries = (TARGET / "classpath.txt").read_text().strip()
    return os.pathsep.join([str(TARGET / "classes"), str(TARGET / "test-classes"), libraries])


async def test_the_java_client_conforms(tmp_path: Path, classpath: str) -> None:
    await conform(tmp_path, "java", "-cp", classpath, "dev.longtake.conformance.Conformance")


async def test_a_java_watch_of_all_loses_nothing_over_a_kill(
    tmp_path: Path, classpath: str
) -> None:
    await loses_nothing_over_a_kill(tmp_path, "java", "-cp", classpath, WATCH_ALL)


async def test_a_java_watch_of_all_begins_again_after_an_expired_position(
    tmp_path: Path, classpath: str
) -> None:
    await begins_again_after_an_expired_position(tmp_path, "java", "-cp", classpath, WATCH_ALL)


async def test_the_java_example_makes_a_video(tmp_path: Path, classpath: str) -> None:
    await make_a_video(tmp_path, "java", "-cp", classpath, EXAMPLE)


async def test_the_java_example_works_by_its_key_alone(tmp_path: Path, classpath: str) -> None:
    await works_by_its_key_alone(example("java", "-cp", classpath, EXAMPLE), tmp_path)


async def test_the_java_example_sends_no_key_in_plaintext(tmp_path: Path, classpath: str) -> None:
    await sends_no_key_in_plaintext(example("java", "-cp", classpath, EXAMPLE), tmp_path)
