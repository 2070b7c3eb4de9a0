# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Connects to the database at the start, and brings its schema to the newest version."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg

from longtake_server.storage.postgres.connecting import permanent, transient_cause, unreachable
from longtake_server.storage.postgres.schema import migrate
from longtake_server.storage.postgres.server_checks import check_server, has_asynchronous_standbys
from longtake_server.storage.postgres.session import Backoff

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.storage.postgres.address import DatabaseAddress

_log = logging.getLogger(__name__)


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


async def open_database(address: DatabaseAddress, clock: Clock, wait_seconds: float) -> Opened:
    """Wait until the database can be reached, and migrate its schema.

    Args:
        address: The database.
        clock: The time source.
        wait_seconds: How long to try again. The first attempt is made in any case.

    Raises:
        StartFailure: The database cannot be used.

    """
    backoff, give_up_at = Backoff(), clock.monotonic() + wait_seconds
    is_told = False
    while True:
        try:
            return await asyncio.to_thread(_open, address)
        except psycopg.Error as error:
            if (failure := permanent(address, error)) is not None:
                raise failure from None
            left = give_up_at - clock.monotonic()
            if left <= 0:
                raise unreachable(address, error, wait_seconds) from None
            if not is_told:
                is_told = True
                _log.warning(
                    "waiting for the database",
                    extra={"database": str(address), "cause": transient_cause(error)},
                )
        await clock.sleep(min(left, backoff.failed()))


def _open(address: DatabaseAddress) -> Opened:
    with address.connect_blocking() as connection:
        check_server(connection, address)
        version = migrate(connection, address)
        if has_asynchronous_standbys(connection):
            _log.warning(
                "no standby of the database is synchronous: after a failover, operations may be "
                "missing, or be submitted a second time; set synchronous_standby_names",
                extra={"database": str(address)},
            )
        found = connection.execute(
            "SELECT position, current_schema()::regnamespace::oid FROM meta"
        ).fetchone()
        position, schema = found or (0, 0)
        # Notifications reach the whole database, which may have a store in each of its schemas.
        return Opened(version, position, f"longtake_{schema}")
