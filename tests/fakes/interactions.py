# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The interactions adapter under test, built as in production."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from longtake_server.upstream.auth import ApiKey, StaticToken
from longtake_server.upstream.interactions import Interactions, InteractionsConfig

from fakes.clock import FakeClock
from fakes.inline import MemorySink

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from longtake_server.operations.upstream import ResultSink
    from longtake_server.upstream.interactions_check import Host

INTERACTION = "v1_Chd0ZXN0LWlkXzE="
KEY = "AIzaSy-secret-key"
TOKEN = "ya29.secret-token"
FILE = "https://generativelanguage.googleapis.com/v1beta/files/abc-123"


@asynccontextmanager
async def interactions(
    base_url: str,
    host: Host = "developer",
    *,
    sink: ResultSink | None = None,
    read_seconds: float = 30.0,
    call_seconds: float = 30.0,
    max_body_bytes: int = 1 << 20,
) -> AsyncIterator[Interactions]:
    config = InteractionsConfig(
        host=host,
        project="p",
        base_url=base_url,
        storage_base_url=None,
        read_seconds=read_seconds,
        call_seconds=call_seconds,
        max_body_bytes=max_body_bytes,
        environment_proxy=False,
    )
    tokens = ApiKey(KEY) if host == "developer" else StaticToken(TOKEN)
    upstream = Interactions(config, tokens, sink or MemorySink(), FakeClock())
    try:
        yield upstream
    finally:
        await upstream.aclose()
