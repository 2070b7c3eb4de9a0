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

pytestmark = pytest.mark.timeout(BUILD_SECONDS)

GENERATE = Example((Path(sys.executable).with_name("longtake"), "generate"), option=("--output",))


async def test_the_python_client_conforms(tmp_path: Path) -> None:
    await conform(tmp_path, sys.executable, Path(__file__).with_name("python_conformance.py"))


async def test_the_python_command_line_works_by_its_key_alone(tmp_path: Path) -> None:
    await works_by_its_key_alone(GENERATE, tmp_path)


async def test_the_python_command_line_sends_no_key_in_plaintext(tmp_path: Path) -> None:
    await sends_no_key_in_plaintext(GENERATE, tmp_path)
