# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Derives the usage of an operation for accounting by day, caller and model. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.operations.accounting import Account, Usage
from longtake_server.operations.model import State

if TYPE_CHECKING:
    from longtake_server.operations.model import OperationRecord

_MILLISECONDS = 1000


def account_of(record: OperationRecord) -> Account:
    """Return the account that an operation is counted under."""
    return Account(record.create_time.date(), record.caller, record.served_model)


def usage_of(record: OperationRecord) -> Usage:
    """Return the contribution of an operation, in its present state, to its account."""
    cost = record.cost_micros or 0
    unpriced = int(record.cost_micros is None)
    if not record.done:
        return Usage(accepted=1, unpriced=unpriced, reserved_micros=cost)
    return Usage(
        accepted=1,
        succeeded=int(record.state is State.SUCCEEDED),
        failed=int(record.state is State.FAILED),
        cancelled=int(record.state is State.CANCELLED),
        unpriced=unpriced,
        billed_milliseconds=round((record.billed_seconds or 0.0) * _MILLISECONDS),
        settled_micros=cost,
    )


def usage_after_deletion(record: OperationRecord) -> Usage:
    """Return what an operation that is deleted in its present state leaves in its account.

    The usage of an operation that has ended stays unchanged. The cost reserved for a queued one is
    released. One that may have reached the upstream may be billed, so its cost counts as settled.
    """
    if record.done:
        return usage_of(record)
    may_be_billed = record.state is not State.QUEUED or record.may_have_started
    return Usage(
        accepted=1,
        deleted=1,
        unpriced=int(may_be_billed and record.cost_micros is None),
        settled_micros=(record.cost_micros or 0) if may_be_billed else 0,
    )
