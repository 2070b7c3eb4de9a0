# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How many connections a server has to its database. docs/scaling.md says so."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import psycopg
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.clock import SystemClock
from longtake_server.operations.model import State
from longtake_server.operations.store import Filter
from longtake_server.storage.postgres.address import DatabaseAddress
from longtake_server.storage.postgres.store import PostgresStore

from benchmarks.stored import record

DOCUMENT = Path(__file__).parents[2] / "docs/scaling.md"
COUNT = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"


async def test_a_server_has_six_connections_at_most(database_url: str) -> None:
    name = "counted"
    address = DatabaseAddress(f"{database_url}&application_name={name}")
    store = await PostgresStore.open(address, SystemClock())
    try:
        for _ in range(3):
            reads = [store.list(Filter(), 10) for _ in range(30)]
            keys = [store.key_version() for _ in range(10)]
            await asyncio.gather(*reads, *keys)
            await store.create(record(State.QUEUED), GenerateVideosRequest())
        with psycopg.connect(database_url) as connection:
            [count] = connection.execute(COUNT, (name,)).fetchone() or ()
    finally:
        await store.close()

    assert count == 6
    told = re.search(r"at most (\w+) connections", DOCUMENT.read_text())
    assert told is not None
    assert told[1] == "six"
