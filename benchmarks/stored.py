# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Adds operations to the data folder of a server that is not running."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from longtake_server.operations.model import OperationRecord, State, StoredVideo
from longtake_server.storage import changes
from longtake_server.storage.database import open_database
from longtake_server.storage.transaction import Transaction

from benchmarks.caller import PRINCIPAL
from benchmarks.servers import MODEL, generation

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def store(folder: Path, records: Iterable[OperationRecord]) -> None:
    """Store operations in the database of a server that uses this folder."""
    database = open_database(folder / "data" / "longtake.db")
    request = generation().SerializeToString()
    try:
        database.writing.execute("BEGIN")
        transaction = Transaction(database.writing)
        for record in records:
            changes.Creation(record, request)(transaction)
        transaction.flush()
        database.writing.execute("COMMIT")
    finally:
        database.close()


def record(
    state: State, age: timedelta = timedelta(), size_bytes: int = 1 << 20
) -> OperationRecord:
    """Return the caller's operation of an age. If it succeeded, it has a video of `size_bytes`."""
    name = f"operations/{uuid.uuid4()}"
    time = datetime.now(UTC) - age
    return OperationRecord(
        name=name,
        revision=4 if state.done else 1,
        state=state,
        model=MODEL,
        served_model=MODEL,
        upstream="simulator",
        create_time=time,
        update_time=time,
        request_digest=bytes(32),
        request_id=str(uuid.uuid4()),
        caller=PRINCIPAL,
        end_time=time if state.done else None,
        expire_time=time + timedelta(days=30) if state.done else None,
        videos=(_video(name, size_bytes),) if state is State.SUCCEEDED else (),
    )


def _video(name: str, size_bytes: int) -> StoredVideo:
    # With a digest, the server does not have to measure the video during a download.
    return StoredVideo(f"{name}/videos/0.mp4", size_bytes=size_bytes, sha256="0" * 64)
