# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Who makes a call, as a value. Nothing below the door knows how it was proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Role(StrEnum):
    """What a principal may do. The values are the names in settings and commands."""

    GENERATOR = "generator"
    READER = "reader"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a call.

    Attributes:
        id: The owner of what the call creates. Empty if callers are not distinguished.
        roles: What the principal may do.
        labels: The labels that the operator gave it. They count for the budgets of labels.
        key_id: The id of its API key, empty for another credential.
        expire_time: When its credential expires, None if it does not.
        google_results: How it gets results on Google's wire; empty for the server's way.
    """

    id: str
    roles: frozenset[Role]
    labels: Mapping[str, str] = field(default_factory=dict)
    key_id: str = ""
    expire_time: datetime | None = None
    google_results: str = ""

    @property
    def is_admin(self) -> bool:
        """Whether it may change the operations of all principals."""
        return Role.ADMIN in self.roles

    @property
    def reads_all(self) -> bool:
        """Whether it may see the operations of all principals."""
        return self.is_admin or Role.READER in self.roles


ANYONE = Principal("", frozenset(Role))
"""The principal of every call to a server without authentication."""
