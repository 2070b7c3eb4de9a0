# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The Agent Platform adapter under test, built as in production."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from longtake_server.upstream.agent_platform import AgentPlatform, AgentPlatformConfig
from longtake_server.upstream.auth import StaticToken

from fakes.clock import FakeClock
from fakes.inline import MemorySink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from longtake_server.operations.upstream import ResultSink
    from longtake_server.upstream.auth import TokenSource

OPERATION = "operations/0193"
UPSTREAM_OPERATION = (
    "projects/p/locations/us-central1/publishers/google/models/veo-3.1-generate-001/operations/1f"
)


@asynccontextmanager
async def agent_platform(
    base_url: str,
    *,
    tokens: TokenSource | None = None,
    sink: ResultSink | None = None,
    read_seconds: float = 30.0,
    call_seconds: float = 30.0,
    max_body_bytes: int = 1 << 20,
    max_answer_bytes: int = 64 << 20,
) -> AsyncIterator[AgentPlatform]:
    config = AgentPlatformConfig(
        project="p",
        location="us-central1",
        base_url=base_url,
        storage_base_url=None,
        read_seconds=read_seconds,
        call_seconds=call_seconds,
        max_body_bytes=max_body_bytes,
        max_answer_bytes=max_answer_bytes,
        environment_proxy=False,
    )
    platform = AgentPlatform(
        config, tokens or StaticToken("secret-token"), sink or MemorySink(), FakeClock()
    )
    try:
        yield platform
    finally:
        await platform.aclose()
