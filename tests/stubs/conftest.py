# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client and the command line, as the tests use them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from stubs.stubs_callers import AsyncCaller, BlockingCaller
from stubs.stubs_programs import Program

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stubs.stubs_callers import Caller


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_shell() -> Iterator[None]:
    """Heed SIGHUP, which a test run under nohup ignores and its processes would inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(params=[BlockingCaller, AsyncCaller], ids=["blocking", "async"])
def caller(request: pytest.FixtureRequest) -> Callable[[str], Caller]:
    """Return what makes a caller by a server's address; each test is run with both halves."""
    make: Callable[[str], Caller] = request.param
    return make


@pytest.fixture
def longtake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Program:
    """Return the command line, in an empty folder and with no server set."""
    monkeypatch.delenv("LONGTAKE_ADDRESS", raising=False)
    # The program sets it, which would outlast the test.
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")
    monkeypatch.chdir(tmp_path)
    return Program(capsys)
