# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Each test that asks for `caller` is run with both halves of the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stubs.stubs_callers import AsyncCaller, BlockingCaller

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller


@pytest.fixture(params=[BlockingCaller, AsyncCaller], ids=["blocking", "async"])
def caller(request: pytest.FixtureRequest) -> Callable[[str], Caller]:
    """Return what makes a caller of a server by its address."""
    make: Callable[[str], Caller] = request.param
    return make
