# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client and the command line, as the tests use them."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from longtake_server.configuration.loading import CLIENT_VARIABLES
from stubs.stubs_callers import AsyncCaller, BlockingCaller
from stubs.stubs_programs import Program
from stubs.stubs_tokens import AsyncTokens, BlockingTokens

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from stubs.stubs_callers import Caller
    from stubs.stubs_tokens import MakeTokens


@pytest.fixture(scope="session", autouse=True)
def _signals_as_in_a_shell() -> Iterator[None]:
    """Heed SIGHUP, which a test run under nohup ignores and its processes would inherit."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture(params=[BlockingCaller, AsyncCaller], ids=["blocking", "async"])
def caller(request: pytest.FixtureRequest) -> Callable[..., Caller]:
    """Return what makes a caller by the arguments of a client; each test is of both halves."""
    make: Callable[..., Caller] = request.param
    return make


@pytest.fixture(params=[BlockingTokens, AsyncTokens], ids=["function", "coroutine function"])
def tokens(request: pytest.FixtureRequest) -> MakeTokens:
    """Return what makes a token function; each half of the client takes both kinds."""
    make: MakeTokens = request.param
    return make


@pytest.fixture
def longtake(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Program:
    """Return the command line, in an empty folder and with no server set."""
    for variable in CLIENT_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    # The program sets it, which would outlast the test.
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")
    monkeypatch.chdir(tmp_path)
    return Program(capsys)
