# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rows of budgets that the writes of a transaction read and change, whatever the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

from longtake_server.frozen import frozen_by_types
from longtake_server.operations.budgets import charging
from longtake_server.operations.budgets.accounting import Amounts
from longtake_server.operations.budgets.gcra import Bucket
from longtake_server.operations.budgets.limits import Measure
from longtake_server.operations.budgets.terms import Terms
from longtake_server.storage.codec import from_micros
from longtake_server.storage.limits_documents import limited_by, minute_of, subjects_of
from longtake_server.webhooks.model import Threshold, event_of_threshold

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from longtake_server.operations.budgets.charging import Room
    from longtake_server.operations.budgets.limits import Limited
    from longtake_server.operations.model import Charge
    from longtake_server.storage.limits_documents import Documents
    from longtake_server.webhooks.model import Event

_NOTHING = Amounts()
_MOST_REMEMBERED = 4096


@frozen_by_types
@dataclass(frozen=True, slots=True)
class KnownPrincipal:
    """What is stored of a principal.

    Attributes:
        roles: The subjects of its roles when it last created an operation.
        bucket: The rate of its requests.
    """

    roles: tuple[str, ...]
    bucket: Bucket


class BudgetSource(Protocol):
    """Reads rows of budgets as they were before the transaction."""

    def documents(self, subjects: Sequence[str]) -> Documents:
        """Return the documents of limits of subjects."""

    def amounts(self, charge: Charge) -> Amounts | None:
        """Return what is spent and reserved, None if there is no such row."""

    def principal(self, principal: str) -> KnownPrincipal | None:
        """Return what is known of a principal."""


class Reached(NamedTuple):
    """A share of a budget that an operation reached.

    Attributes:
        time: When, in microseconds since 1970-01-01 UTC.
        subject: Whose budget it is.
        period_key: The period.
        measure: The name of what the budget counts.
        percent: The share.
        principal: The owner of the operation.
    """

    time: int
    subject: str
    period_key: str
    measure: str
    percent: int
    principal: str

    @property
    def event(self) -> Event:
        """The event for the webhooks of the principal."""
        threshold = Threshold(self.subject, self.period_key, Measure(self.measure), self.percent)
        return event_of_threshold(threshold, from_micros(self.time))


class BudgetChanges(NamedTuple):
    """What a transaction changed.

    Attributes:
        sums: What to add: subject, period key, and the sums in the order of Amounts.sums.
        principals: What to replace: principal, roles joined by spaces, level and its time.
        events: What to add unless it is stored.
    """

    sums: list[tuple[str, str, int, int, int, int]]
    principals: list[tuple[str, str, int, int]]
    events: list[Reached]


@dataclass(slots=True)
class _Streak:
    """Operations charged to the same subjects, one after another, that reach no threshold.

    Attributes:
        limited: The subjects.
        room: What still fits.
        reserved: What the operations reserve, which is not in the rows yet.
    """

    limited: tuple[Limited, ...]
    room: Room
    reserved: Amounts = _NOTHING


class BudgetRows:
    """The rows of budgets as the transaction sees them. The store writes those in `changed`.

    What it has read it keeps, for one transaction or for many.
    """

    def __init__(self, source: BudgetSource) -> None:
        self._source = source
        self._streak: _Streak | None = None
        self._remember_nothing()
        self._begin()

    def _remember_nothing(self) -> None:
        self._limited: dict[tuple[object, ...], tuple[Limited, ...]] = {}
        self._amounts: dict[Charge, Amounts] = {}
        self._principals: dict[str, KnownPrincipal | None] = {}

    def _begin(self) -> None:
        self._changes: dict[Charge, Amounts] = {}
        self._changed_principals: dict[str, KnownPrincipal] = {}
        self._events: dict[tuple[str, str, str, int], Reached] = {}

    def limited_by(self, terms: Terms, now: datetime) -> tuple[Limited, ...]:
        """Return what an operation is charged to. See limits_documents.limited_by."""
        key = (terms.subject, terms.roles, tuple(terms.labels.items()), minute_of(now))
        known = self._limited.get(key)
        if known is None:
            documents = self._source.documents(subjects_of(terms))
            known = self._limited[key] = limited_by(documents, terms, now)
        return known

    def forget_limits(self) -> None:
        """Read the limits again, because they were changed."""
        self._limited.clear()

    def amounts(self, charge: Charge) -> Amounts:
        """Return what is spent and reserved."""
        self._end_streak()
        known = self._amounts.get(charge)
        if known is None:
            stored = self._source.amounts(charge) or _NOTHING
            known = self._amounts[charge] = stored + self._changes.get(charge, _NOTHING)
        return known

    def add(self, charges: Sequence[Charge], change: Amounts) -> None:
        """Change what is spent and reserved in each of the charges."""
        self._end_streak()
        if change != _NOTHING:
            self._add(charges, change)

    def _add(self, charges: Sequence[Charge], change: Amounts) -> None:
        for charge in charges:
            self._changes[charge] = self._changes.get(charge, _NOTHING) + change
            known = self._amounts.get(charge)
            if known is not None:
                self._amounts[charge] = known + change

    def has_room(self, limited: tuple[Limited, ...], requested: Amounts) -> bool:
        """Return whether a request fits for certain and reaches no threshold, without a read."""
        streak = self._streak
        return (
            streak is not None
            and streak.limited is limited
            and requested.reserved_micros <= streak.room.micros
            and requested.reserved_milliseconds <= streak.room.milliseconds
        )

    def reserve(
        self, limited: tuple[Limited, ...], requested: Amounts, time: int, principal: str
    ) -> None:
        """Reserve an amount, and store that thresholds are reached, unless they are stored.

        Args:
            limited: What the operation is charged to.
            requested: The amount.
            time: When, in microseconds since 1970-01-01 UTC.
            principal: The owner of the operation.

        """
        streak = self._streak
        if streak is not None and self.has_room(limited, requested):
            streak.room = streak.room.without(requested)
            streak.reserved += requested
            return
        self.add(charging.charges_of(limited), requested)
        for charge, measure, percent in charging.reached(limited, self.amounts):
            event = (charge.subject, charge.period_key, measure.value, percent)
            self._events.setdefault(event, Reached(time, *event, principal))
        self._streak = _Streak(limited, charging.room(limited, self.amounts))

    def _end_streak(self) -> None:
        self._settle_streak()
        self._streak = None

    def _settle_streak(self) -> None:
        streak = self._streak
        if streak is not None and streak.reserved != _NOTHING:
            self._add(charging.charges_of(streak.limited), streak.reserved)
            streak.reserved = _NOTHING

    def principal(self, principal: str) -> KnownPrincipal | None:
        """Return what is known of a principal."""
        if principal not in self._principals:
            self._principals[principal] = self._source.principal(principal)
        return self._principals[principal]

    def keep_principal(self, principal: str, known: KnownPrincipal) -> None:
        """Replace what is known of a principal."""
        self._principals[principal] = self._changed_principals[principal] = known

    def changed(self) -> BudgetChanges:
        """Return what the store has to write."""
        self._settle_streak()
        sums = [
            (charge.subject, charge.period_key, *change.sums)
            for charge, change in self._changes.items()
        ]
        return BudgetChanges(sums, self._rows(), list(self._events.values()))

    def begin(self) -> None:
        """Begin another transaction, after the store wrote what changed."""
        self._begin()
        remembered = len(self._limited) + len(self._amounts) + len(self._principals)
        if remembered > _MOST_REMEMBERED:
            self._remember_nothing()

    def _rows(self) -> list[tuple[str, str, int, int]]:
        return [
            (name, " ".join(known.roles), known.bucket.level, known.bucket.at)
            for name, known in self._changed_principals.items()
        ]


def known_principal(row: tuple[str, int, int]) -> KnownPrincipal:
    """Return what a row says of a principal: roles, level and its time."""
    roles, *bucket = row
    return KnownPrincipal(tuple(roles.split()), Bucket(*bucket))


def terms_of_known(principal: str, known: KnownPrincipal | None) -> Terms:
    """Return the terms of a principal's operations, given what is known of it."""
    return Terms(principal, () if known is None else known.roles)
