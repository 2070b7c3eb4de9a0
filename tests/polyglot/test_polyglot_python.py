# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Python client takes the steps that every language's does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from polyglot.conformance import conform
from polyglot.credentials import Example, sends_no_key_in_plaintext, works_by_its_key_alone
from polyglot.toolchains import BUILD_SECONDS
from polyglot.watching_all import (
    begins_again_after_an_expired_position,
    loses_nothing_over_a_kill,
)

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

WATCH_ALL = (sys.executable, Path(__file__).with_name("python_watch_all.py"))
GENERATE = Example((Path(sys.executable).with_name("longtake"), "generate"), option=("--output",))


async def test_the_python_client_conforms(tmp_path: Path) -> None:
    await conform(tmp_path, sys.executable, Path(__file__).with_name("python_conformance.py"))


async def test_a_python_watch_of_all_loses_nothing_over_a_kill(tmp_path: Path) -> None:
    await loses_nothing_over_a_kill(tmp_path, *WATCH_ALL)


async def test_a_python_watch_of_all_begins_again_after_an_expired_position(
    tmp_path: Path,
) -> None:
    await begins_again_after_an_expired_position(tmp_path, *WATCH_ALL)


async def test_the_python_command_line_works_by_its_key_alone(tmp_path: Path) -> None:
    await works_by_its_key_alone(GENERATE, tmp_path)


async def test_the_python_command_line_sends_no_key_in_plaintext(tmp_path: Path) -> None:
    await sends_no_key_in_plaintext(GENERATE, tmp_path)
