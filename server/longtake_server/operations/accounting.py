# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The values of usage: its sums, the key of an account, and what a query selects and groups."""

from __future__ import annotations

from dataclasses import dataclass, fields
from enum import Enum
from operator import add, attrgetter, sub
from typing import TYPE_CHECKING

from longtake_server.frozen import frozen_by_types

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date


@frozen_by_types
@dataclass(frozen=True, slots=True, order=True)
class Account:
    """The key by which usage is aggregated.

    Attributes:
        day: The day of acceptance in UTC.
        caller: The owner; empty if callers are not distinguished.
        model: The model that serves the request.
    """

    day: date
    caller: str
    model: str


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Usage:
    """Sums over operations.

    Attributes:
        accepted: The number of all operations. Those in no other count are still in progress.
        succeeded: The number that succeeded.
        failed: The number that failed.
        cancelled: The number that were cancelled.
        deleted: The number that were deleted before they ended.
        unpriced: The number without a known price, which the sums of money leave out.
        billed_milliseconds: The length of the delivered video.
        reserved_micros: The expected cost of operations in progress, in millionths of a US dollar.
        settled_micros: The cost of all others, in millionths of a US dollar. If it is unknown
            whether the upstream bills an operation, its reserved cost counts.
    """

    accepted: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0
    deleted: int = 0
    unpriced: int = 0
    billed_milliseconds: int = 0
    reserved_micros: int = 0
    settled_micros: int = 0

    def __add__(self, other: Usage) -> Usage:
        """Return the sums over both."""
        return Usage(*map(add, sums_of(self), sums_of(other)))

    def __sub__(self, other: Usage) -> Usage:
        """Return the sums without the other."""
        return Usage(*map(sub, sums_of(self), sums_of(other)))


SUMS = tuple(field.name for field in fields(Usage))
"""The names of the sums, in the order of the fields of Usage."""

sums_of: Callable[[Usage], tuple[int, ...]] = attrgetter(*SUMS)
"""Returns the sums in the order of SUMS."""


class Dimension(Enum):
    """What usage is grouped by, in the order of the rows. The values are the names in the API."""

    DAY = "DAY"
    MODEL = "MODEL"
    PRINCIPAL = "PRINCIPAL"
    LABEL = "LABEL"


@dataclass(frozen=True, slots=True)
class UsageQuery:
    """Selects and groups usage.

    Attributes:
        since: The first day of acceptance in UTC.
        until: The last day of acceptance in UTC.
        caller: Only operations of this caller; None for all.
        dimensions: What to group by; none for one sum.
        label_key: The key of the label to group by, if the dimensions have LABEL.
    """

    since: date
    until: date
    caller: str | None = None
    dimensions: frozenset[Dimension] = frozenset()
    label_key: str = ""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """The usage of a group. A field is None if the query does not group by it.

    Attributes:
        day: The day of acceptance in UTC.
        model: The model that served the operations.
        caller: The owner of the operations.
        label_value: The value of the label; None, too, for operations without the label.
        sums: The sums.
    """

    day: date | None
    model: str | None
    caller: str | None
    label_value: str | None
    sums: Usage


@dataclass(frozen=True, slots=True)
class UsagePage:
    """A page of usage.

    Attributes:
        rows: The rows in order.
        next_cursor: The cursor of the next page, None on the last page.
    """

    rows: tuple[UsageRow, ...]
    next_cursor: str | None
