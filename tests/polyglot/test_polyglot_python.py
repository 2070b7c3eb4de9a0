# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Python client takes the steps that every language's does."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from processes.running import GUARD_SECONDS

from polyglot.conformance import conform


@pytest.mark.timeout(GUARD_SECONDS)
async def test_the_python_client_conforms(tmp_path: Path) -> None:
    await conform(tmp_path, sys.executable, Path(__file__).with_name("python_conformance.py"))
