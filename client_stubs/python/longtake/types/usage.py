# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What was generated, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from longtake._documents import Documented
from longtake._wording import shortened
from longtake.types.operation import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage(Documented):
    """Counts and costs of operations. What is not grouped by is None.

    Attributes:
        day: The day of acceptance in UTC.
        model: The id of the model that served the operations.
        principal: The id of the principal that created them.
        label_value: The value of the label; None also for operations without the label.
        accepted: The number of all operations. Those in no other count have not ended.
        succeeded: The number that succeeded.
        failed: The number that failed.
        cancelled: The number that were cancelled.
        deleted: The number that were deleted before they ended.
        unpriced: The number without a known price. The costs leave them out.
        billed_seconds: The seconds of video that the upstream bills.
        reserved_cost: The expected cost by list price of operations that have not ended.
        settled_cost: The cost by list price of all others.
    """

    day: date | None
    model: str | None
    principal: str | None
    label_value: str | None
    accepted: int
    succeeded: int
    failed: int
    cancelled: int
    deleted: int
    unpriced: int
    billed_seconds: float
    reserved_cost: Money = field(hash=False)
    settled_cost: Money = field(hash=False)

    def __repr__(self) -> str:
        groups = (self.day, self.model, self.principal, self.label_value)
        named = ", ".join(shortened(str(group)) for group in groups if group is not None)
        return f"Usage({named or 'all'}, accepted={self.accepted})"
