# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A process for tests to kill: writes to a store and prints what the store acknowledged.

Arguments: the mode (`hold`, `write` or `fill`), the path of the database, and for `fill` the
maximum size in bytes of a file of this process.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from pathlib import Path

from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.clock import SystemClock
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.model import State
from longtake_server.operations.names import new_operation_name
from longtake_server.storage.sqlite import SqliteStore
from storage.storage_records import REQUEST, changed, new_record

_WRITERS = 8


def _tell(*words: object) -> None:
    print(*words, flush=True)


async def _write_for_ever(store: SqliteStore, clock: SystemClock) -> None:
    while True:
        record = new_record(new_operation_name(clock.now()))
        await store.create(record, REQUEST)
        _tell("created", record.name)
        await store.update(changed(record, State.RUNNING), 1)
        _tell("updated", record.name)


async def _fill(store: SqliteStore, clock: SystemClock, largest: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
    large = GenerateVideosRequest(prompt="x" * 100_000)
    while True:
        record = new_record(new_operation_name(clock.now()), request_id="")
        try:
            await store.create(record, large)
        except StorageUnavailable as error:
            _tell("refused", record.name)
            _tell("cause", error.metadata["cause"])
            break
        _tell("created", record.name)
    _tell("position", await store.position())


async def _main(task: str, path: Path, largest: int) -> None:
    clock = SystemClock()
    store = await SqliteStore.open(path, clock)
    _tell("open")
    match task:
        case "hold":
            await asyncio.Event().wait()
        case "write":
            await asyncio.gather(*(_write_for_ever(store, clock) for _ in range(_WRITERS)))
        case "fill":
            await _fill(store, clock, largest)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
