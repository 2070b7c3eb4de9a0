# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The store that the settings name: a file in the data folder, or a PostgreSQL database."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from longtake_server.errors import StartFailure
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.storage.sqlite_commands import SqlitePlace

if TYPE_CHECKING:
    from longtake_server.clock import Clock
    from longtake_server.settings import Settings
    from longtake_server.storage.command_store import StorePlace
    from longtake_server.storage.postgres.address import DatabaseAddress
    from longtake_server.storage.postgres.store import PostgresStore

    Store = SqliteStore | PostgresStore


async def open_store(settings: Settings, clock: Clock) -> Store:
    """Open the store of a server.

    Raises:
        StartFailure: It cannot be used.

    """
    if settings.database_url is None:
        return await SqliteStore.open(settings.database_file, clock)
    address = database_address(settings)
    from longtake_server.storage.postgres.store import PostgresStore

    return await PostgresStore.open(address, clock, settings.database_wait_seconds)


def store_place(settings: Settings) -> StorePlace:
    """Return where the store is, for commands.

    Raises:
        StartFailure: The URL of the database is wrong.

    """
    if settings.database_url is None:
        return SqlitePlace(settings.database_file)
    address = database_address(settings)
    from longtake_server.storage.postgres.commands import PostgresPlace

    return PostgresPlace(address)


def check_database(settings: Settings) -> None:
    """Check that a server can start on the PostgreSQL database. Blocks, and changes nothing.

    Raises:
        StartFailure: It cannot.

    """
    address = database_address(settings)
    from longtake_server.storage.postgres.commands import PostgresPlace

    PostgresPlace(address).check()


def database_address(settings: Settings) -> DatabaseAddress:
    """Return the address of the PostgreSQL database.

    Its library is optional, and imported only here, so that all else works without it.

    Raises:
        StartFailure: None is set, its URL is wrong, or the library is missing.

    """
    if settings.database_url is None:
        raise StartFailure("LONGTAKE_DATABASE_URL is not set; name the PostgreSQL database there")
    if find_spec("psycopg") is None:
        raise StartFailure(
            "LONGTAKE_DATABASE_URL needs a library that is not installed; run "
            "pip install 'longtake-server[postgres]'"
        )
    from longtake_server.storage.postgres.address import DatabaseAddress

    return DatabaseAddress(settings.database_url.get_secret_value())
