# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A store that several engines of a test share, and their clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.shared import SharedStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[SharedStore]:
    store = await SharedStore.open(tmp_path / "longtake.db", clock)
    assert isinstance(store, SharedStore)
    yield store
    await store.close()
