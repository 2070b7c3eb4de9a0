# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What it means to an operator that a database cannot be reached, or refuses.

While it connects, libpq gives no code of an error, but only a text. The text may name the user and
the address, and never the password. It is not passed on.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg

from longtake_server.errors import StartFailure
from longtake_server.storage.postgres.faults import cause_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longtake_server.storage.postgres.address import DatabaseAddress

_SETTING = "LONGTAKE_DATABASE_URL"
# A wrong password, and a missing database, right or schema do not go away by themselves.
_PERMANENT_CODES = ("28", "3D", "3F", "42")
_PERMANENT: Mapping[str, str] = {
    r"password authentication failed|role .* does not exist": "refuses the user or the password; "
    f"correct them in {_SETTING}",
    r"no password supplied": f"asks for a password; add it to the user in {_SETTING}",
    r"database .* does not exist": f"does not exist; create it, or correct its name in {_SETTING}",
    r"no pg_hba\.conf entry .* no encryption": "does not admit this user from this machine without "
    f"TLS; add sslmode=verify-full to {_SETTING}, or let pg_hba.conf admit it",
    r"no pg_hba\.conf entry": "does not admit this user from this machine; let pg_hba.conf admit "
    f"it, or correct {_SETTING}",
    r"does not support SSL": "offers no TLS; set it up in the database, or change sslmode in "
    f"{_SETTING}",
    r"certificate|SSL error": "is not trusted: its certificate cannot be verified; correct "
    f"sslrootcert or the host in {_SETTING}, or the certificate",
}
_TRANSIENT: Mapping[str, str] = {
    r"[Cc]onnection refused": "the connection is refused",
    r"resolve host|translate host name": "the host name has no address",
    r"timeout": "there is no answer",
    r"session is read-only|read-only mode|hot standby": "no host of it is the primary",
    r"too many (connections|clients)|remaining connection slots": "it has no connection left",
    r"starting up|shutting down|recovery": "it is starting or stopping",
}


def permanent(address: DatabaseAddress, error: psycopg.Error) -> StartFailure | None:
    """Return the failure for an error that waiting does not change, or None for another one."""
    if (code := error.sqlstate) is not None:
        return _refused(address, error) if code.startswith(_PERMANENT_CODES) else None
    advice = _found(_PERMANENT, error)
    return None if advice is None else StartFailure(f"the database {address} {advice}")


def unreachable(address: DatabaseAddress, error: psycopg.Error, seconds: float = 0) -> StartFailure:
    """Return the failure for a database that was waited for, for so many seconds."""
    cause = transient_cause(error)
    waited = f" for {seconds:g} seconds" if seconds else ""
    return StartFailure(
        f"the database {address} cannot be reached{waited}: {cause}; start it, or correct "
        f"{_SETTING}"
    )


@contextmanager
def failing_to_start(address: DatabaseAddress) -> Iterator[None]:
    """Turn errors of PostgreSQL into StartFailure, for commands, which do not wait."""
    try:
        yield
    except psycopg.Error as error:
        if (failure := permanent(address, error)) is not None:
            raise failure from None
        if error.sqlstate is not None:
            raise _refused(address, error) from None
        raise unreachable(address, error) from None


def _refused(address: DatabaseAddress, error: psycopg.Error) -> StartFailure:
    # The first line has no stored values.
    said = error.diag.message_primary or cause_of(error)
    return StartFailure(
        f"the database {address} refused: {said}; correct {_SETTING}, or the rights that the user "
        "has in the database"
    )


def transient_cause(error: psycopg.Error) -> str:
    """Return why a database cannot be reached, without addresses."""
    return (error.sqlstate is None and _found(_TRANSIENT, error)) or cause_of(error)


def _found(meanings: Mapping[str, str], error: psycopg.Error) -> str | None:
    said = str(error)
    return next((words for sign, words in meanings.items() if re.search(sign, said)), None)
