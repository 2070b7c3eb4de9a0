# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A simulator for the tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest_asyncio
from simulator.interaction_calls import Caller, caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def calls(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Caller]:
    async with caller(tmp_path_factory.mktemp("simulator")) as one:
        yield one
