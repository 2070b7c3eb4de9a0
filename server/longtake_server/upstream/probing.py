# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks that each configured upstream can be used, with a call that generates nothing."""

from __future__ import annotations

from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from longtake_server.errors import CheckFailed
from longtake_server.operations.admission.regions import home_of
from longtake_server.operations.requests.catalogue import Stage
from longtake_server.upstream.auth import in_daemon_thread
from longtake_server.upstream.configured import (
    AGENT_PLATFORM,
    Patience,
    configured_upstreams,
)
from longtake_server.upstream.verdicts import ProbeAnswered, ProbeFaults, SetUp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
    from contextlib import AbstractAsyncContextManager

    from longtake_server.clock import Clock
    from longtake_server.operations.requests.catalogue import Catalogue
    from longtake_server.operations.upstream import IncomingVideo
    from longtake_server.settings import Settings
    from longtake_server.upstream.configured import Adapter

_PATIENCE = Patience(connect_seconds=5.0, call_seconds=15.0, token_seconds=20.0)
_VERTEX = "aiplatform.googleapis.com"
_DEVELOPER = "generativelanguage.googleapis.com"


class _NoSink:
    """Replaces the store of results, because a probe has no results."""

    def receive(self, operation: str) -> AbstractAsyncContextManager[IncomingVideo]:
        raise CheckFailed("the upstream answered a probe with a video")


@asynccontextmanager
async def upstream_checks(
    settings: Settings, catalogue: Catalogue, clock: Clock, folder: str
) -> AsyncGenerator[Mapping[str, Callable[[], Awaitable[None]]]]:
    """Yield a check for each upstream and location, keyed by a name for display.

    A check raises CheckFailed if the upstream cannot be used.

    Args:
        settings: The settings.
        catalogue: Provides the model to ask for.
        clock: Time.
        folder: The folder for the state of an embedded simulator.

    """
    upstreams = configured_upstreams(
        settings,
        _NoSink(),
        clock,
        None,
        patience=_PATIENCE,
        simulator_folder=Path(folder),
        in_thread=in_daemon_thread,
    )
    async with upstreams as adapters:
        yield {
            f"{adapter.name} ({adapter.place})": partial(
                check_upstream, adapter, name, settings, catalogue
            )
            for name, adapter in adapters.items()
        }


async def check_upstream(
    adapter: Adapter, name: str, settings: Settings, catalogue: Catalogue
) -> None:
    """Check one upstream with a call that generates nothing and costs nothing.

    Args:
        adapter: The upstream.
        name: Its name in the catalogue.
        settings: The settings.
        catalogue: Provides the model to ask for.

    Raises:
        CheckFailed: The upstream cannot be used; the message says what to do.

    """
    set_up = _set_up(settings, name)
    try:
        await adapter.ask_for_unknown(_model(catalogue, name), ProbeFaults(set_up))
    except ProbeAnswered:
        return
    raise CheckFailed(
        f"it knows a generation that was never started, so it is not Google's API; correct "
        f"{set_up.base_url}"
    )


def _model(catalogue: Catalogue, upstream: str) -> str:
    """Return a current model of the upstream, generally available if there is one."""
    served = [one for one in catalogue.models if one.upstream == home_of(upstream)]
    served.sort(key=lambda one: (one.stage is not Stage.GENERALLY_AVAILABLE, one.id))
    return served[0].id


def _set_up(settings: Settings, upstream: str) -> SetUp:
    if home_of(upstream) == AGENT_PLATFORM:
        permission = "aiplatform.endpoints.predict"
    elif settings.gemini_api_key is not None:
        return SetUp(_DEVELOPER, "", None, "LONGTAKE_GEMINI_API_KEY", "LONGTAKE_GEMINI_BASE_URL")
    else:
        permission = "aiplatform.interactions.get"
    credential = None
    if settings.google_api_key is not None:
        credential = "LONGTAKE_GOOGLE_API_KEY"
    elif settings.google_access_token is not None:
        credential = "LONGTAKE_GOOGLE_ACCESS_TOKEN"
    return SetUp(
        _VERTEX, permission, settings.google_project, credential, "LONGTAKE_GOOGLE_BASE_URL"
    )
