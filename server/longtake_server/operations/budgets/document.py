# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads limits as operators write them: a TOML document, or single values. No I/O.

A document has a table for each subject. Costs are in US dollars, and video is in seconds.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from longtake_server.configuration.words import syntax_fault
from longtake_server.errors import StartFailure
from longtake_server.operations.budgets.limits import (
    BUDGETS,
    LIMITS,
    Limits,
    Override,
    Values,
    is_label,
    subject_fault,
    zone_fault,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_MICROS = 1_000_000
_MILLISECONDS = 1000
_MOST_DOLLARS = 1_000_000_000
_MOST_SECONDS = 1_000_000_000
_MOST_COUNT = 1_000_000
_MOST_OVERRIDES = 100
_EXAMPLE = 'cost_per_day = 50.00, below a line ["principal/ann"]'
# The header of a table, whose name is quoted or bare.
_HEADER = re.compile(r"""\s*\[+\s*(?:"([^"]*)"|'([^']*)'|([\w-]+))""")


class WrongLimits(StartFailure):
    """Limits are wrong. The message has a line for each fault."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))


def limit_of(name: str, value: object) -> int:
    """Return a limit in micros, milliseconds or as a count.

    Args:
        name: One of LIMITS.
        value: US dollars, seconds or a count, as an int or a Decimal.

    Raises:
        ValueError: The value is not accepted. Says what is.

    """
    if name.startswith("cost_"):
        accepted = f"US dollars from 0 to {_MOST_DOLLARS}, with at most 6 decimals"
        return _scaled(value, _MICROS, _MOST_DOLLARS, accepted)
    if name.startswith("seconds_"):
        accepted = f"a number of seconds from 0 to {_MOST_SECONDS}, with at most 3 decimals"
        return _scaled(value, _MILLISECONDS, _MOST_SECONDS, accepted)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= _MOST_COUNT:
        raise ValueError(f"accepted is a whole number from 1 to {_MOST_COUNT}")
    return value


def _scaled(value: Any, scale: int, most: int, accepted: str) -> int:
    is_number = isinstance(value, int | Decimal) and not isinstance(value, bool)
    number = Decimal(value) if is_number else Decimal(-1)
    if not number.is_finite() or not 0 <= number <= most or number * scale % 1:
        raise ValueError(f"accepted are {accepted}")
    return int(number * scale)


def parse(text: str, file: Path) -> Mapping[str, Limits]:
    """Return the limits of each subject.

    Args:
        text: The TOML document.
        file: Where it is from, for messages.

    Raises:
        WrongLimits: It has at least one fault. Holds all faults.

    """
    try:
        tables = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise WrongLimits([syntax_fault(file, error, _EXAMPLE)]) from error
    reading = _Reading(text, file)
    found = {subject: reading.limits(subject, table) for subject, table in tables.items()}
    if reading.faults:
        raise WrongLimits([fault for _, fault in sorted(reading.faults)])
    return found


class _Reading:
    """Reads the tables of a document and collects their faults, each with its line."""

    def __init__(self, text: str, file: Path) -> None:
        self._lines = text.splitlines()
        self._file = file
        self.faults: list[tuple[int, str]] = []

    def limits(self, subject: str, table: object) -> Limits:
        """Return the limits of a table. Leaves out what is wrong."""
        if (fault := subject_fault(subject)) is not None:
            self._add(subject, "", fault)
            return Limits()
        if not isinstance(table, dict):
            self._add(subject, "", f"accepted is a table, as in {_EXAMPLE}")
            return Limits()
        rest = dict(table)
        zone = self._zone(subject, rest.pop("time_zone", None))
        overrides = self._overrides(subject, rest.pop("overrides", []))
        return Limits(zone, self._values(subject, rest, "", ("time_zone", "overrides")), overrides)

    def _zone(self, subject: str, zone: object) -> str | None:
        if zone is None:
            return None
        fault = zone_fault(zone if isinstance(zone, str) else "")
        if fault is None:
            return str(zone)
        self._add(subject, "time_zone", fault)
        return None

    def _overrides(self, subject: str, tables: object) -> tuple[Override, ...]:
        is_list = isinstance(tables, list) and all(isinstance(one, dict) for one in tables)
        if not isinstance(tables, list) or not is_list or len(tables) > _MOST_OVERRIDES:
            accepted = f"accepted are at most {_MOST_OVERRIDES} tables"
            self._add(subject, "overrides", f'{accepted}, each begun by [["{subject}".overrides]]')
            return ()
        found = []
        for number, table in enumerate(tables):
            path = f"overrides[{number}]."
            rest = dict(table)
            until = rest.pop("until", None)
            if isinstance(until, datetime) or not isinstance(until, date):
                said = "it is missing; " if until is None else ""
                self._add(subject, f"{path}until", f"{said}accepted is a date, as in 2026-12-24")
                until = date.min
            found.append(Override(until, self._values(subject, rest, path, ("until",))))
        return tuple(found)

    def _values(
        self, subject: str, table: dict[str, Any], path: str, others: tuple[str, ...]
    ) -> Values:
        known = BUDGETS if is_label(subject) else LIMITS
        found: dict[str, int] = {}
        for name, value in table.items():
            if name not in known:
                self._add(subject, f"{path}{name}", _unknown(name, (*known, *others)))
                continue
            try:
                found[name] = limit_of(name, value)
            except ValueError as error:
                self._add(subject, f"{path}{name}", str(error))
        return Values(**found)

    def _add(self, subject: str, key: str, fault: str) -> None:
        name = f"{subject}: {key}" if key else subject
        line = self._line(subject, key)
        self.faults.append((line, f"{self._file}, line {line}: {name}: {fault}"))

    def _line(self, subject: str, key: str) -> int:
        """Return the number of the line that gives a key, or begins its table."""
        begins = [number for number, header in self._headers() if header == subject] or [1]
        last = key.rpartition(".")[2]
        given = re.compile(rf"""\s*["']?{re.escape(last)}["']?\s*[=.]""")
        override = re.match(r"overrides\[(\d+)\]", key)
        place = begins[0]
        if override and int(override[1]) + 1 < len(begins):
            place = begins[int(override[1]) + 1]
        for number in range(place, len(self._lines) if key else place):
            line = self._lines[number]
            if _HEADER.match(line):
                break
            if given.match(line):
                return number + 1
        return place

    def _headers(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._lines, 1):
            if match := _HEADER.match(line):
                yield number, match[1] or match[2] or match[3] or ""


def _unknown(name: str, known: Sequence[str]) -> str:
    if near := get_close_matches(name, known, n=1):
        return f"it is not known; did you mean {near[0]}?"
    return f"it is not known; accepted are {', '.join(known)}"
