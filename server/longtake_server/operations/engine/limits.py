# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How often and how long an operation is tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from longtake_server.operations.polling.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Limits:
    """How often and how long an operation is tried.

    Attributes:
        submissions: How often one whose outcome is unknown is begun at most,
            where the caller allowed that.
        queue: How long an operation may wait to be accepted by its upstream.
        generation: How long it may run there.
        backoff: Waiting after a call that started nothing.
    """

    submissions: int = 5
    queue: timedelta = timedelta(days=1)
    generation: timedelta = timedelta(hours=1)
    backoff: Backoff = field(default_factory=Backoff)
