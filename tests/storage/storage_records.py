# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Records, requests and times for the storage tests."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import OperationRecord, State

if TYPE_CHECKING:
    from collections.abc import Mapping

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LEASE = timedelta(seconds=60)
REQUEST = GenerateVideosRequest(model="veo", prompt="a dog on a beach")

_numbers = itertools.count(1)


def at(seconds: float) -> datetime:
    """Return the time a number of seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def new_record(
    name: str | None = None,
    *,
    created: float = 0.0,
    caller: str = "",
    request_id: str = "",
    digest: bytes = b"digest",
    model: str = "veo",
    labels: Mapping[str, str] | None = None,
) -> OperationRecord:
    """Return a queued operation with a unique name."""
    return OperationRecord(
        name=name or f"operations/{next(_numbers):08}",
        revision=1,
        state=State.QUEUED,
        model=model,
        served_model=model,
        upstream="simulator",
        create_time=at(created),
        update_time=at(created),
        request_digest=digest,
        request_id=request_id,
        caller=caller,
        labels=labels or {},
    )


def changed(
    record: OperationRecord,
    state: State = State.RUNNING,
    *,
    expires: float | None = None,
) -> OperationRecord:
    """Return the record after its next change."""
    return replace(
        record,
        revision=record.revision + 1,
        state=state,
        expire_time=None if expires is None else at(expires),
    )
