# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Empty schemas in a database of PostgreSQL."""

from __future__ import annotations

from contextlib import contextmanager
from secrets import token_hex
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def schema(url: str) -> Iterator[str]:
    """Create an empty schema of a new name, and drop it at the end.

    Args:
        url: The database.

    Yields:
        The URL of the database, with this schema as the first one.

    """
    name = f"test_{token_hex(8)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE")
