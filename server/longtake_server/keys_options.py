# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of `longtake-server keys`, and the values that they accept."""

from __future__ import annotations

import argparse
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from longtake_server.errors import StartFailure
from longtake_server.identity.principal import Role
from longtake_server.operations.requests.request_violations import label_violations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_ACTIONS: Mapping[str, str] = {
    "create": "make a key and print it, once",
    "list": "print all keys, without their secrets",
    "revoke": "refuse a key from now on",
    "rotate": "make another key for the same principal; the old one expires after the overlap",
}
GOOGLE_RESULTS = ("inline", "addresses")
"""How results may come on Google's wire."""

_PRINCIPAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}")
_KEY_ID = re.compile(r"[0-9A-Za-z]{12}")
_DURATION = re.compile(r"([0-9]{1,10})([smhdw])")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_LONGEST = timedelta(days=36_500)
_DURATION_WORDS = "a number of at most 100 years with s, m, h, d or w, for example 90d"


def add_commands(
    parser: argparse.ArgumentParser, add_common: Callable[[argparse.ArgumentParser], None]
) -> None:
    """Add the commands and their options.

    Args:
        parser: The parser of `longtake-server keys`.
        add_common: Adds the options that each command has.

    """
    actions = parser.add_subparsers(dest="action", required=True, metavar="COMMAND")
    for name, text in _ACTIONS.items():
        action = actions.add_parser(name, help=text, description=text)
        add_common(action)
        if name == "create":
            _add_principal(action)
        if name in ("revoke", "rotate"):
            action.add_argument(
                "id", type=_key_id, metavar="ID", help="the id of the key, as `keys list` shows it"
            )
        if name == "rotate":
            action.add_argument(
                "--overlap",
                type=_duration,
                default=timedelta(hours=24),
                metavar="DURATION",
                help="how long the old key is accepted (default: 24h)",
            )
        if name in ("create", "rotate"):
            action.add_argument(
                "--expires",
                type=_expiry,
                metavar="WHEN",
                help="when the new key expires: a duration as in 90d, a day, or a time (default: "
                + ("never)" if name == "create" else "as long after now as the old key lasted)"),
            )
            _add_google(action)
        if name != "revoke":
            action.add_argument("--json", action="store_true", help="print JSON")


def labels_of(pairs: Sequence[tuple[str, str]]) -> Mapping[str, str]:
    """Return the labels of the options.

    Raises:
        StartFailure: A key is there twice, or a label breaks the rules for labels of requests.

    """
    labels = dict(pairs)
    if len(labels) < len(pairs):
        raise StartFailure("--label: a key is given twice; give each key once")
    for violation in label_violations(labels):
        raise StartFailure(f"--label: {violation.description}")
    return labels


def moment_of(expires: timedelta | datetime | None, now: datetime) -> datetime | None:
    """Return the time that --expires names.

    Raises:
        StartFailure: It is not in the future, or in more than 100 years.

    """
    moment = now + expires if isinstance(expires, timedelta) else expires
    if moment is not None and not now < moment <= now + _LONGEST:
        raise StartFailure("--expires: accepted is a time in the future, in at most 100 years")
    return moment


def _add_principal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--principal",
        type=principal_id,
        required=True,
        metavar="ID",
        help="who calls with the key: the owner of its operations",
    )
    parser.add_argument(
        "--role",
        type=role_name,
        action="append",
        metavar="ROLE",
        help="generator, reader or admin; may be repeated (default: generator)",
    )
    parser.add_argument(
        "--label",
        type=_label,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a label of the principal, for budgets and usage; may be repeated",
    )


def _add_google(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--google-credentials",
        type=Path,
        metavar="FILE",
        help="write a credentials file for Google's SDKs, for GOOGLE_APPLICATION_CREDENTIALS, in "
        "place of printing the key; needs LONGTAKE_PUBLIC_URL",
    )
    parser.add_argument(
        "--google-results",
        choices=GOOGLE_RESULTS,
        metavar="HOW",
        help="how the key gets results on Google's wire: inline or addresses (default: as "
        "LONGTAKE_GOOGLE_RESULTS says)",
    )


# No message repeats what was given: it may be a whole key.
def principal_id(text: str) -> str:
    """Return the principal that an option names. Raises argparse.ArgumentTypeError."""
    if not _PRINCIPAL.fullmatch(text):
        raise argparse.ArgumentTypeError(
            "accepted are 1 to 128 letters, digits and . _ : @ / -, the first a letter or digit"
        )
    return text


def _key_id(text: str) -> str:
    if not _KEY_ID.fullmatch(text):
        raise argparse.ArgumentTypeError(
            "accepted are the 12 letters and digits of a key between ltk_ and the next _"
        )
    return text


def role_name(text: str) -> Role:
    """Return the role that an option names. Raises argparse.ArgumentTypeError."""
    try:
        return Role(text)
    except ValueError:
        names = ", ".join(role.value for role in Role)
        raise argparse.ArgumentTypeError(f"accepted are {names}") from None


def _label(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise argparse.ArgumentTypeError("accepted is KEY=VALUE, for example team=film")
    return key, value


def _duration(text: str) -> timedelta:
    found = _DURATION.fullmatch(text)
    if found is not None:
        duration = timedelta(**{_UNITS[found[2]]: int(found[1])})
        if duration <= _LONGEST:
            return duration
    raise argparse.ArgumentTypeError(f"accepted is {_DURATION_WORDS}")


def _expiry(text: str) -> timedelta | datetime:
    if _DURATION.fullmatch(text):
        return _duration(text)
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(text)
        if _DAY.fullmatch(text):
            return moment.replace(tzinfo=UTC)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    raise argparse.ArgumentTypeError(
        f"accepted is {_DURATION_WORDS}; a day, which begins in UTC, for example 2027-01-31; or a "
        "time with its zone, for example 2027-01-31T12:00:00Z"
    )
