# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What all tests share: the PostgreSQL server, which starts with the first test that needs it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from processes.postgres import schema

from scripts.postgres import FAST, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

# A machine may be slow.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """Return the URL of a database. LONGTAKE_TEST_POSTGRES names another one than our own."""
    if given := os.environ.get("LONGTAKE_TEST_POSTGRES"):
        yield given
        return
    with postgres_server(FAST) as server:
        yield server.url


@pytest.fixture
def database_url(postgres_url: str) -> Iterator[str]:
    """Return the URL of a new, empty schema."""
    with schema(postgres_url) as url:
        yield url
