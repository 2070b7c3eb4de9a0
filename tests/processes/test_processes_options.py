# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every command of the server and the simulator has -h and --version."""

from __future__ import annotations

import sys
from importlib.metadata import version

import pytest
from longtake_server import command
from veo_simulator import __main__ as simulator

COMMANDS = [
    *("serve", "check-config", "keys", "budgets", "migrate", "copy-to-postgres"),
    *("resume-submissions", "change-upstreams", "usage", "health"),
]


@pytest.mark.parametrize("asked", ["-h", "--help", "--version"])
@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_the_server_has_help_and_version_for_every_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str, asked: str
) -> None:
    words = ["longtake-server", *([name] if name else [])]
    monkeypatch.setattr(sys, "argv", [*words, asked])
    with pytest.raises(SystemExit) as ended:
        command.main()

    expected = (
        f"longtake-server {version('longtake-server')}\n"
        if asked == "--version"
        else f"usage: {' '.join(words)} "
    )
    written = capsys.readouterr()
    assert written.out.startswith(expected)
    assert (ended.value.code, written.err) == (0, "")


@pytest.mark.parametrize("asked", ["-h", "--help", "--version"])
def test_the_simulator_has_help_and_version(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, asked: str
) -> None:
    monkeypatch.setattr(sys, "argv", ["veo-simulator", asked])
    with pytest.raises(SystemExit) as ended:
        simulator.main()

    expected = f"veo-simulator {version('longtake-server')}\n"
    written = capsys.readouterr()
    assert written.out.startswith(expected if asked == "--version" else "usage: veo-simulator ")
    assert (ended.value.code, written.err) == (0, "")
