# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""One edge for the tests of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from edge import edge_running

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest
    from edge.edge_running import Edge


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def edge(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Edge]:
    async with edge_running.edge(tmp_path_factory.mktemp("edge")) as running:
        yield running
