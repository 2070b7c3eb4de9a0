# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A sender of webhooks that sends nothing, for tests of the other parts of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake_server.operations.engine.term import Term


class IdleSender:
    """Implements operations.engine.engine.Sending."""

    def __init__(self, term: Term) -> None:
        """Send nothing in any term."""

    async def run(self) -> None:
        """See Sending.run."""

    def stop(self) -> None:
        """See Sending.stop."""
