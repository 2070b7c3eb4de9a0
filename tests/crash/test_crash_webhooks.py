# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Events to webhooks during restarts: none is lost. `make crash-webhooks` runs more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from crash.crash_webhooks import Scale, run
from processes.postgres import schema

from scripts.postgres import postgres_server

if TYPE_CHECKING:
    from pathlib import Path

_GUARD_SECONDS = 300
_SCALE = Scale(operations=30, kills=2, most_failures=1)


@pytest.mark.timeout(_GUARD_SECONDS)
async def test_every_end_is_told_at_least_once_during_two_restarts(tmp_path: Path) -> None:
    outcome = await run(tmp_path, _SCALE, seed=0)
    assert outcome.events >= _SCALE.operations
    assert outcome.refused > 0


@pytest.mark.timeout(_GUARD_SECONDS)
async def test_every_end_is_told_at_least_once_on_postgresql(tmp_path: Path) -> None:
    with postgres_server({}) as postgres, schema(postgres.url) as url:
        media = f"file://{tmp_path}/media"
        outcome = await run(tmp_path, _SCALE, seed=0, database_url=url, media_url=media)
    assert outcome.events >= _SCALE.operations
    assert outcome.refused > 0
