# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An issuer for the tests of tokens, and the command for those of keys."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from identity.identity_issuer import Issuer, SigningKey, issuing, rsa_key
from longtake_server import command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from identity.identity_command import Run


@pytest.fixture(scope="module")
def key() -> SigningKey:
    return rsa_key()


@pytest.fixture
def issuer(key: SigningKey) -> Iterator[Issuer]:
    with issuing() as running:
        running.publish(key)
        yield running


@pytest.fixture
def keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Return a function that runs the command: its exit code, its output and its errors."""
    monkeypatch.setenv("LONGTAKE_DATA_FOLDER", str(tmp_path))

    def run(*words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["longtake-server", "keys", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        written = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, written.out, written.err

    return run
