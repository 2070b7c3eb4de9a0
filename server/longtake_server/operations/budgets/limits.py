# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits of principals, roles and labels, and how several documents of them become one.

Money is in millionths of a US dollar (micros), and video in milliseconds. None is no limit.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cache
from operator import attrgetter
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from longtake_server.identity.principal import Role
from longtake_server.operations.budgets.periods import Period, day_at, keys_at
from longtake_server.operations.model import Charge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

DEFAULT_ZONE = "UTC"
ANY_VALUE = "*"
"""In place of a label's value: a budget of its own for each value of the key."""

_LONGEST_SUBJECT = 512
# A principal with several roles has the defaults of the first of them that sets a limit.
_ROLES = (Role.ADMIN, Role.GENERATOR, Role.READER)


class Measure(Enum):
    """What a budget counts. The values are the words in events."""

    COST = "cost"
    SECONDS = "seconds"


class Source(Enum):
    """Who set limits. Those of a command take precedence over those of the file."""

    COMMAND = "command"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Values:
    """Limits without dates.

    Attributes:
        cost_per_day, cost_per_week, cost_per_month: The highest cost of a period, in micros.
        seconds_per_day, seconds_per_week, seconds_per_month: The most video of a period, in
            milliseconds.
        requests_per_minute: How many generations may be started in a minute, and at once.
        max_queued: How many operations may be queued.
        max_concurrent: How many generations may run concurrently; further ones wait.
    """

    cost_per_day: int | None = None
    cost_per_week: int | None = None
    cost_per_month: int | None = None
    seconds_per_day: int | None = None
    seconds_per_week: int | None = None
    seconds_per_month: int | None = None
    requests_per_minute: int | None = None
    max_queued: int | None = None
    max_concurrent: int | None = None

    def over(self, other: Values) -> Values:
        """Return these limits, with those of the other where this has none."""
        pairs = zip(_limits_of(self), _limits_of(other), strict=True)
        return Values(*(other if own is None else own for own, other in pairs))

    def budget(self, measure: Measure, period: Period) -> int | None:
        """Return the most of a measure in a period."""
        limit: int | None = getattr(self, f"{measure.value}_per_{period.value}")
        return limit


LIMITS = tuple(field.name for field in fields(Values))
"""The names of all limits."""

BUDGETS = tuple(f"{measure.value}_per_{period.value}" for measure in Measure for period in Period)
"""The names of the limits that a label may have too."""

_limits_of: Callable[[Values], tuple[int | None, ...]] = attrgetter(*LIMITS)


@dataclass(frozen=True, slots=True)
class Override:
    """Limits that apply in place of others until the end of a day in the subject's time zone."""

    until: date
    values: Values


@dataclass(frozen=True, slots=True)
class Limits:
    """A document: the limits that one source sets for one subject.

    Attributes:
        time_zone: The IANA time zone of the periods, None to leave it to other documents.
        values: The limits.
        overrides: Limits with an end. A later one takes precedence.
    """

    time_zone: str | None = None
    values: Values = field(default_factory=Values)
    overrides: tuple[Override, ...] = ()

    @property
    def limits_concurrency(self) -> bool:
        """Whether it ever sets max_concurrent."""
        return any(
            values.max_concurrent is not None
            for values in (self.values, *(override.values for override in self.overrides))
        )

    def on(self, day: date) -> Values:
        """Return the limits of a day."""
        values = self.values
        for override in self.overrides:
            if day <= override.until:
                values = override.values.over(values)
        return values


@dataclass(frozen=True, slots=True)
class Line:
    """The limit of one measure in one period of a budget."""

    charge: Charge
    measure: Measure
    period: Period
    limit: int


@dataclass(frozen=True, slots=True)
class Limited:
    """A subject, with the limits and the periods at a moment.

    Attributes:
        subject: `principal/{id}` or `label/{key}={value}`.
        time_zone: The time zone of its periods.
        values: Its limits.
        charges: Its present periods, in the order of Period.
        lines: The limits of its budgets.
    """

    subject: str
    time_zone: str
    values: Values
    charges: tuple[Charge, ...]
    lines: tuple[Line, ...]


def limited(subject: str, documents: Sequence[Limits], now: datetime) -> Limited:
    """Return the limits of a subject at a moment.

    Args:
        subject: The subject.
        documents: All documents that apply to it. Each limit is that of the first that sets it.
        now: The moment.

    """
    zones = (document.time_zone for document in documents)
    zone = next((zone for zone in zones if zone is not None), DEFAULT_ZONE)
    today, values = day_at(now, zone), Values()
    for document in documents:
        values = values.over(document.on(today))
    charges = tuple(Charge(subject, key) for key in keys_at(now, zone))
    return Limited(subject, zone, values, charges, tuple(_lines(values, charges)))


def _lines(values: Values, charges: Sequence[Charge]) -> Iterator[Line]:
    for measure in Measure:
        for period, charge in zip(Period, charges, strict=True):
            if (limit := values.budget(measure, period)) is not None:
                yield Line(charge, measure, period, limit)


def subject_of_principal(principal: str) -> str:
    """Return the subject of a principal."""
    return f"principal/{principal}"


# A server knows as many sets of roles as there are, at most 8.
@cache
def subjects_of_roles(roles: frozenset[Role]) -> tuple[str, ...]:
    """Return the subjects of the defaults of a principal's roles, by precedence."""
    return tuple(f"role/{role.value}" for role in _ROLES if role in roles)


def subject_of_label(key: str, value: str) -> str:
    """Return the subject of a label."""
    return f"label/{key}={value}"


def subject_fault(subject: str) -> str | None:
    """Return what is accepted as a subject if this is none, or None."""
    kind, _, name = subject.partition("/")
    key, equals, _ = name.partition("=")
    known = {
        "principal": subject.isprintable() and len(subject) <= _LONGEST_SUBJECT,
        "role": name in (role.value for role in Role),
        "label": bool(key and equals) and subject.isprintable(),
    }
    if "/" in subject and known.get(kind):
        return None
    roles = ", ".join(f"role/{role.value}" for role in Role)
    return f"accepted is principal/{{id}}, label/{{key}}={{value}}, label/{{key}}=*, {roles}"


def is_label(subject: str) -> bool:
    """Return whether a subject is a label."""
    return subject.startswith("label/")


def zone_fault(zone: str) -> str | None:
    """Return what is accepted as a time zone if this is none, or None."""
    if zone in available_timezones():
        return None
    return "accepted is an IANA time zone, for example Asia/Tokyo"


def precedence(documents: Mapping[Source, Limits]) -> tuple[Limits, ...]:
    """Return the documents of one subject by precedence."""
    return tuple(documents[source] for source in Source if source in documents)
