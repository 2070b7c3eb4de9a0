# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the upstreams after the start, and warns about those that cannot be used or shared."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from longtake_server.errors import CheckFailed
from longtake_server.upstream.probing import check_upstream

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.settings import Settings
    from longtake_server.upstream.configured import Adapter

_log = logging.getLogger(__name__)

_DEADLINE_SECONDS = 45.0


async def warn_of_unusable(
    settings: Settings, catalogue: Catalogue, adapters: Mapping[str, Adapter]
) -> None:
    """Check every upstream once, with a call that starts no generation and costs nothing.

    The server runs even if an upstream is unavailable: accepted generations wait in the queue.
    """
    await asyncio.gather(
        *(_warn(settings, catalogue, name, adapter) for name, adapter in adapters.items())
    )


def warn_of_a_simulator_that_replicas_do_not_share(settings: Settings) -> None:
    """Warn if other servers may use the same store and would not find what this one generates."""
    if settings.upstream == "simulator" and settings.database_url is not None:
        _log.warning(
            "the embedded simulator belongs to this server alone: on a PostgreSQL database that "
            "several servers use, generations fail when another one becomes the engine. Run one "
            "veo-simulator for all and set LONGTAKE_GOOGLE_BASE_URL; see docs/scaling.md"
        )


async def _warn(settings: Settings, catalogue: Catalogue, name: str, adapter: Adapter) -> None:
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            await check_upstream(adapter, name, settings, catalogue)
    except (CheckFailed, TimeoutError) as error:
        _log.warning(
            "cannot use the upstream; its generations wait in the queue. "
            "Check it with: longtake-server check-config --probe",
            extra={
                "upstream": adapter.name,
                "cause": str(error) or f"no answer within {_DEADLINE_SECONDS:g} seconds",
            },
        )
