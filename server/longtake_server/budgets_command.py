# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server budgets`: shows and sets limits, also beside a running server."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import TYPE_CHECKING, Any

from longtake_server.command_text import day
from longtake_server.errors import StartFailure
from longtake_server.operations.budgets.document import limit_of
from longtake_server.operations.budgets.limits import (
    BUDGETS,
    DEFAULT_ZONE,
    LIMITS,
    Limits,
    Override,
    Source,
    Values,
    is_label,
    subject_fault,
    zone_fault,
)
from longtake_server.operations.budgets.periods import keys_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from longtake_server.operations.budgets.accounting import Amounts
    from longtake_server.operations.model import Charge
    from longtake_server.storage.command_store import CommandStore, StorePlace

_Documents = dict[Source, Limits]

_SUBJECTS = "principal/{id}, role/{role}, label/{key}={value} or label/{key}=*"
_MICROS = 1_000_000
_MILLISECONDS = 1000
_UNITS = {"cost": "USD", "seconds": "SECONDS"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    show = actions.add_parser("show", help="print limits, and what is spent in the present periods")
    show.add_argument("subject", nargs="?", type=_subject, metavar="SUBJECT", help=_SUBJECTS)
    show.add_argument("--json", action="store_true", help="print a JSON array")
    change = actions.add_parser("set", help="set limits; those that are not given stay")
    change.add_argument("subject", type=_subject, metavar="SUBJECT", help=_SUBJECTS)
    for name in LIMITS:
        change.add_argument(
            f"--{name.replace('_', '-')}",
            type=partial(_limit, name),
            metavar=_UNITS.get(name.partition("_")[0], "N"),
        )
    change.add_argument("--time-zone", type=_zone, metavar="ZONE", help="for example Asia/Tokyo")
    change.add_argument(
        "--override", action="store_true", help="set the limits beside the others, with an end"
    )
    change.add_argument(
        "--until", type=day, metavar="DAY", help="the last day of the override, YYYY-MM-DD"
    )
    unset = actions.add_parser("unset", help="remove what this command has set")
    unset.add_argument("subject", type=_subject, metavar="SUBJECT", help=_SUBJECTS)


def budgets(place: StorePlace, arguments: argparse.Namespace, now: datetime) -> str:
    """Run an action, and return what to print. A server may be using the database.

    Args:
        place: Where the store is.
        arguments: The parsed options of `add_arguments`.
        now: The present time.

    Raises:
        StartFailure: An option is wrong, or the database cannot be used.

    """
    if arguments.action == "show":
        with place.reading() as store:
            rows = _rows(store, arguments.subject, now)
        return json.dumps(rows, indent=2) + "\n" if arguments.json else _as_text(rows)
    values = _values(arguments) if arguments.action == "set" else Values()
    with place.writing() as store:
        known = store.limits_of(arguments.subject, Source.COMMAND) or Limits()
        is_set = arguments.action == "set"
        limits = _changed(known, values, arguments, now) if is_set else None
        store.set_limits(arguments.subject, Source.COMMAND, limits)
        return _as_text(_rows(store, arguments.subject, now))


def _values(arguments: argparse.Namespace) -> Values:
    """Return the given limits, checked against each other."""
    given = {name: value for name in LIMITS if (value := getattr(arguments, name)) is not None}
    if arguments.override != (arguments.until is not None):
        raise StartFailure("--override and --until go together")
    if not given and (arguments.override or arguments.time_zone is None):
        raise StartFailure("give at least one limit, for example --cost-per-day 50")
    if arguments.override and arguments.time_zone is not None:
        raise StartFailure("--time-zone cannot be a part of an override")
    wrong = [name for name in given if name not in BUDGETS]
    if wrong and is_label(arguments.subject):
        raise StartFailure(f"--{wrong[0].replace('_', '-')} cannot limit a label")
    return Values(**given)


def _changed(known: Limits, values: Values, arguments: argparse.Namespace, now: datetime) -> Limits:
    """Return the document with the given limits, and without overrides that have ended."""
    # The time zone may be another document's, where it can still be the day before.
    yesterday = now.date() - timedelta(days=1)
    live = tuple(one for one in known.overrides if one.until >= yesterday)
    if arguments.override:
        return replace(known, overrides=(*live, Override(arguments.until, values)))
    zone = arguments.time_zone or known.time_zone
    return Limits(zone, values.over(known.values), live)


def _subject(text: str) -> str:
    return _checked(text, subject_fault)


def _zone(text: str) -> str:
    return _checked(text, zone_fault)


def _checked(text: str, fault_of: Callable[[str], str | None]) -> str:
    if (fault := fault_of(text)) is not None:
        raise argparse.ArgumentTypeError(fault)
    return text


def _limit(name: str, text: str) -> int:
    try:
        number = Decimal(text)
        whole = number.is_finite() and number % 1 == 0
        return limit_of(name, int(number) if whole else number)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _rows(store: CommandStore, subject: str | None, now: datetime) -> list[dict[str, Any]]:
    """Return what is known of a subject, or of each subject with limits or spending."""
    spending = store.spending()
    by_subject: dict[str, _Documents] = {charge.subject: {} for charge in spending}
    for (limited, source), limits in store.limits().items():
        by_subject.setdefault(limited, {})[source] = limits
    subjects = sorted(by_subject) if subject is None else [subject]
    return [_row(one, by_subject.get(one, {}), spending, now) for one in subjects]


def _as_text(rows: list[dict[str, Any]]) -> str:
    return "".join(map(_text, rows)) or "no limits are set, and nothing is spent\n"


def _row(
    subject: str, documents: _Documents, spending: Mapping[Charge, Amounts], now: datetime
) -> dict[str, Any]:
    zones = [one.time_zone for one in documents.values() if one.time_zone is not None]
    present = keys_at(now, zones[0] if zones else DEFAULT_ZONE)
    return {
        "subject": subject,
        "limits": [
            {
                "source": source.value,
                "time_zone": limits.time_zone,
                **_named(limits.values),
                "overrides": [
                    {"until": one.until.isoformat(), **_named(one.values)}
                    for one in limits.overrides
                ],
            }
            for source, limits in documents.items()
        ],
        "spending": [
            {"period": charge.period_key, **asdict(amounts)}
            for charge, amounts in spending.items()
            if charge.subject == subject and charge.period_key in present
        ],
    }


def _named(values: Values) -> dict[str, float]:
    """Return the limits that are set, in dollars and seconds."""
    limits = {name: getattr(values, name) for name in LIMITS}
    return {name: _in_units(name, limit) for name, limit in limits.items() if limit is not None}


def _in_units(name: str, limit: int) -> float:
    scale = {"cost": _MICROS, "seconds": _MILLISECONDS}.get(name.partition("_")[0], 1)
    return limit if scale == 1 else limit / scale


def _text(row: dict[str, Any]) -> str:
    lines = tuple(_lines(row)) or ("no limits",)
    return f"{row['subject']}\n" + "".join(f"  {line}\n" for line in lines)


def _lines(row: dict[str, Any]) -> Iterator[str]:
    for limits in row["limits"]:
        rest = dict(limits)
        source, zone, overrides = (rest.pop(key) for key in ("source", "time_zone", "overrides"))
        yield f"by {source}: {_joined({**({'time_zone': zone} if zone else {}), **rest})}"
        for override in overrides:
            until = override.pop("until")
            yield f"by {source}, until {until}: {_joined(override)}"
    for sums in row["spending"]:
        yield (
            f"{sums['period']}: spent {sums['spent_micros'] / _MICROS:.2f} USD and "
            f"{sums['spent_milliseconds'] / _MILLISECONDS:g} s, reserved "
            f"{sums['reserved_micros'] / _MICROS:.2f} USD and "
            f"{sums['reserved_milliseconds'] / _MILLISECONDS:g} s"
        )


def _joined(limits: Mapping[str, object]) -> str:
    parts = (
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name, value in limits.items()
    )
    return ", ".join(parts) or "nothing"
