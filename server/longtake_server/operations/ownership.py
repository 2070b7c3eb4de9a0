# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rule of who may see and who may change what is whose: operations, webhooks, usage.

It stands here and nowhere else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from longtake_server.errors import RoleMissing
from longtake_server.identity.principal import Role

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


def may_see_of(owner: str, principal: Principal) -> bool:
    """Return whether a principal may see what is an owner's."""
    return owner == principal.id or principal.reads_all


def may_change_of(owner: str, principal: Principal) -> bool:
    """Return whether a principal may change what is an owner's."""
    return principal.is_admin or owner == principal.id


def may_see(record: OperationRecord, principal: Principal) -> bool:
    """Return whether a principal may know that an operation exists."""
    return may_see_of(record.caller, principal)


def may_change(record: OperationRecord, principal: Principal) -> bool:
    """Return whether a principal may cancel or delete an operation that it may see."""
    return may_change_of(record.caller, principal)


def usage_scope_of(principal: Principal, asked: str | None) -> str | None:
    """Return the caller whose usage a principal gets, or None for that of all callers.

    Args:
        principal: Who asks.
        asked: The caller that it asks for; None for the default.

    Raises:
        RoleMissing: It asks for another's usage and is no admin.

    """
    if principal.is_admin:
        return asked
    if asked not in (None, principal.id):
        raise RoleMissing([Role.ADMIN.value])
    return principal.id
