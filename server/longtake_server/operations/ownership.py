# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of who may see and who may change an operation. It stands here and nowhere else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.model import OperationRecord
    from longtake_server.operations.store import Filter


def scope_of(principal: Principal) -> str | None:
    """Return the only owner whose operations a principal may see, or None for all owners."""
    return None if principal.reads_all else principal.id


def scoped(wanted: Filter, principal: Principal) -> Filter:
    """Return a filter that matches only what a principal may see."""
    return replace(wanted, caller=scope_of(principal))


def may_see(record: OperationRecord, principal: Principal) -> bool:
    """Return whether a principal may know that an operation exists."""
    return scope_of(principal) in (None, record.caller)


def may_change(record: OperationRecord, principal: Principal) -> bool:
    """Return whether a principal may cancel or delete an operation that it may see."""
    return principal.is_admin or record.caller == principal.id
