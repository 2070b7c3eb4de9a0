# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules about a database that several servers share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from longtake_server.configuration.loading import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

_SHARED = ("gs://", "s3://", "file://")


class Databases(Protocol):
    """The settings that these rules read."""

    @property
    def database_url(self) -> SecretStr | None:
        """URL of the database, None for the file in the data folder."""

    @property
    def media_url(self) -> str | None:
        """Where videos are stored, None for the data folder."""


def _media_are_shared(settings: Databases, name: Callable[[str], str]) -> str | None:
    if settings.database_url is None or (settings.media_url or "").startswith(_SHARED):
        return None
    return (
        f"with {name('database_url')}, every server must reach the videos; set "
        f"{name('media_url')} to a gs:// or s3:// address, or to the file:// address of a file "
        "system that all servers share"
    )


DATABASE_RULES: tuple[Rule[Any], ...] = (Rule(("database_url", "media_url"), _media_are_shared),)
"""The rules, for settings that are `Databases`."""
