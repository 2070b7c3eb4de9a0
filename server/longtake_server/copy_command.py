# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The command `longtake-server copy-to-postgres`: moves a store out of the data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.stores import database_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from longtake_server.settings import Settings


def copy_to_postgres(settings: Settings, say: Callable[[str], None]) -> None:
    """Copy the database of the data folder to LONGTAKE_DATABASE_URL, and compare both.

    Args:
        settings: The settings.
        say: Prints lines.

    Raises:
        StartFailure: The copy cannot be made. The target is as it was.

    """
    address = database_address(settings)
    # It needs a library that only this store needs.
    from longtake_server.storage.postgres.copying import copy_store

    path = settings.database_file
    copy_store(path, address, lambda table, rows: say(f"{table}: {rows} rows, all equal\n"))
    say(
        f"{path} is copied to the database {address}; move the file away, so that no server "
        "starts on it again\n"
    )
