# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What operations came to, by caller, model and day. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.model import State
from longtake_server.operations.store import Account, Usage

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord

_MILLISECONDS = 1000


def account_of(record: OperationRecord) -> Account:
    """Return where an operation is counted."""
    return Account(record.create_time.date(), record.caller, record.served_model)


def usage_of(record: OperationRecord) -> Usage:
    """Return what an operation adds to the sums, as it is now."""
    cost = record.cost_micros or 0
    return Usage(
        accepted=1,
        succeeded=int(record.state is State.SUCCEEDED),
        failed=int(record.state is State.FAILED),
        cancelled=int(record.state is State.CANCELLED),
        unpriced=int(record.cost_micros is None),
        billed_milliseconds=round((record.billed_seconds or 0.0) * _MILLISECONDS),
        reserved_micros=0 if record.done else cost,
        settled_micros=cost if record.done else 0,
    )


def usage_after_deletion(record: OperationRecord) -> Usage:
    """Return what stays in the sums of an operation that is deleted as it is now.

    One that has ended stays as it is. Of one that waited, what was reserved is released; one
    that may have reached the upstream may be billed there.
    """
    if record.done:
        return usage_of(record)
    begun = record.state is not State.QUEUED or record.may_have_started
    return Usage(
        accepted=1,
        deleted=1,
        unpriced=int(begun and record.cost_micros is None),
        settled_micros=(record.cost_micros or 0) if begun else 0,
    )
