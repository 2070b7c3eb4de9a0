# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Connects to the database at the start, and brings its schema to the newest version."""

from __future__ import annotations

import asyncio
import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from longtake_server.errors import StartFailure
from longtake_server.storage.postgres.faults import cause_of
from longtake_server.storage.postgres.schema import check_server, migrate
from longtake_server.storage.postgres.session import Backoff

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.clock import Clock
    from longtake_server.storage.postgres.address import DatabaseAddress

_log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 60.0
# These do not go away by themselves: a wrong password, and a missing database, right or schema.
_PERMANENT = ("28", "3D", "3F", "42")


@dataclass(frozen=True, slots=True)
class Opened:
    """What is known of a database after the start.

    Attributes:
        version: The version of its schema before the start; 0 if it was empty.
        position: Its position.
        channel: The channel of its notifications.
    """

    version: int
    position: int
    channel: str


async def open_database(address: DatabaseAddress, clock: Clock) -> Opened:
    """Wait until the database can be reached, at most a minute, and migrate its schema.

    Raises:
        StartFailure: The database cannot be used.

    """
    backoff, give_up_at = Backoff(), clock.monotonic() + _PATIENCE_SECONDS
    is_told = False
    while True:
        try:
            return await asyncio.to_thread(_open, address)
        except psycopg.Error as error:
            if is_permanent(error):
                raise refused(address, error) from None
            if clock.monotonic() >= give_up_at:
                raise StartFailure(
                    f"the database {address} cannot be reached for {_PATIENCE_SECONDS:g} seconds: "
                    f"{cause_of(error)}; start it, or correct LONGTAKE_DATABASE_URL"
                ) from None
            if not is_told:
                is_told = True
                _log.warning(
                    "waiting for the database",
                    extra={"database": str(address), "cause": cause_of(error)},
                )
        await clock.sleep(backoff.failed())


def is_permanent(error: psycopg.Error) -> bool:
    """Return whether waiting does not help."""
    return error.sqlstate is not None and error.sqlstate.startswith(_PERMANENT)


def refused(address: DatabaseAddress, error: psycopg.Error) -> StartFailure:
    """Return the failure for an error of PostgreSQL. Its first line has no stored values."""
    said = error.diag.message_primary or cause_of(error)
    return StartFailure(
        f"the database {address} refused: {said}; correct LONGTAKE_DATABASE_URL, or the rights "
        "that the user has in the database"
    )


@contextmanager
def failing_to_start(address: DatabaseAddress) -> Iterator[None]:
    """Turn errors of PostgreSQL into StartFailure, for commands."""
    try:
        yield
    except psycopg.Error as error:
        if error.sqlstate is not None:
            raise refused(address, error) from None
        raise StartFailure(
            f"the database {address} cannot be reached: {cause_of(error)}; start it, or correct "
            "LONGTAKE_DATABASE_URL"
        ) from None


def _open(address: DatabaseAddress) -> Opened:
    with address.connect_blocking() as connection:
        check_server(connection, address)
        version = migrate(connection, address)
        found = connection.execute(
            "SELECT position, current_schema()::regnamespace::oid FROM meta"
        ).fetchone()
        position, schema = found or (0, 0)
        # Notifications reach the whole database, which may have a store in each of its schemas.
        return Opened(version, position, f"longtake_{schema}")
