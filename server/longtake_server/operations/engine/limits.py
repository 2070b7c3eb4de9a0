# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits on the attempts and the duration of an operation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from longtake_server.operations.polling.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the attempts and the duration of an operation.

    Attributes:
        submissions: The most attempts to submit an operation after unknown outcomes, if its
            caller set resubmit_if_unknown.
        queue: How long an operation may wait until its upstream accepts it.
        generation: How long a generation may run at the upstream.
        backoff: The waits after calls that started nothing.
    """

    submissions: int = 5
    queue: timedelta = timedelta(days=1)
    generation: timedelta = timedelta(hours=1)
    backoff: Backoff = field(default_factory=Backoff)
