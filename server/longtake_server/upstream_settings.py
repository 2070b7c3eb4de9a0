# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings that say where generations run, which all servers of a store must share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.configuration.loading import variable_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.settings import Settings


def upstream_settings(settings: Settings) -> Mapping[str, str]:
    """Return the values by variable, without secrets; an empty text for one that is not set."""
    values = {"upstream": str(settings.upstream)}
    if settings.upstream != "simulator":
        values |= {
            "google_project": settings.google_project or "",
            "google_location": settings.google_location,
            "google_base_url": settings.google_base_url or "",
            "gemini_base_url": settings.gemini_base_url or "",
        }
    return {variable_of(name): value for name, value in values.items()}
