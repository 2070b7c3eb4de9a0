# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The OpenAPI description passes independent linters."""

from __future__ import annotations

from pathlib import Path

import pytest
from polyglot.toolchains import BUILD_SECONDS, npm_install, run

from scripts.write_openapi import OPENAPI

LINTERS = Path(__file__).parent / "openapi_lint"
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


@pytest.fixture(scope="module")
def programs() -> Path:
    npm_install(LINTERS)
    return LINTERS / "node_modules" / ".bin"


@pytest.mark.timeout(BUILD_SECONDS)
def test_redocly_finds_nothing(programs: Path) -> None:
    told = run(programs / "redocly", "lint", OPENAPI, folder=LINTERS, environment=QUIET)

    assert "warning" not in told.replace("Deprecation warning", "").lower()


@pytest.mark.timeout(BUILD_SECONDS)
def test_spectral_finds_nothing(programs: Path) -> None:
    told = run(programs / "spectral", "lint", "--fail-severity", "hint", OPENAPI, folder=LINTERS)

    assert "No results" in told
