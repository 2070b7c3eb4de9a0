# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Derives the settings of the engine from those of the server."""

from __future__ import annotations

import os
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake_server.operations.engine.engine import EngineSettings
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.engine.runner import Leasing
from longtake_server.operations.polling.backoff import Backoff
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.upstream_settings import upstream_settings

if TYPE_CHECKING:
    from longtake_server.settings import Settings


def engine_settings(settings: Settings) -> EngineSettings:
    """Return the settings of the engine of this process."""
    return EngineSettings(
        leasing=Leasing(_replica(), settings.max_upstream_calls),
        limits=_limits(settings),
        pacing=_pacing(settings),
        max_polls_per_second=settings.max_polls_per_second,
        tombstones=timedelta(days=settings.tombstone_days),
        retain_results=settings.retain_results,
        upstreams=upstream_settings(settings),
    )


def _replica() -> str:
    """Return a name of this process that no other has: containers repeat hosts and process ids."""
    return f"{os.uname().nodename}:{os.getpid()}:{uuid.uuid4().hex}"


def _limits(settings: Settings) -> Limits:
    return Limits(
        queue=timedelta(seconds=settings.queue_limit_seconds),
        generation=timedelta(seconds=settings.generation_limit_seconds),
        backoff=Backoff(settings.backoff_first_seconds, settings.backoff_longest_seconds),
    )


def _pacing(settings: Settings) -> Pacing:
    return Pacing(
        settings.poll_shortest_seconds,
        settings.poll_longest_seconds,
        settings.poll_delay_seconds,
        settings.poll_average_seconds,
    )
