# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP listener serves beside gRPC, in one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from door.door_serving import http_serving

if TYPE_CHECKING:
    from pathlib import Path


async def test_a_path_that_is_not_served_is_not_found(tmp_path: Path) -> None:
    async with http_serving(tmp_path) as door:
        answer = await door.client.get("/nothing")
    assert answer.status_code == 404
