# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the upstreams that the settings name, under the names that the catalogue uses.

Each further location of the Agent Platform is its own upstream, named
`agent_platform@LOCATION`.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.operations.admission.regions import region_name
from longtake_server.upstream.agent_platform import AgentPlatform, AgentPlatformConfig
from longtake_server.upstream.auth import ApiKey, GoogleCredentials, StaticToken
from longtake_server.upstream.interactions import Interactions, InteractionsConfig
from longtake_server.upstream.simulator import (
    EmbeddedSimulator,
    simulated,
    simulated_interactions,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from pathlib import Path

    from opentelemetry.trace import TracerProvider

    from longtake_server.clock import Clock
    from longtake_server.operations.upstream import ResultSink
    from longtake_server.settings import Settings
    from longtake_server.upstream.auth import InThread, TokenSource

    Adapter = AgentPlatform | Interactions

AGENT_PLATFORM = "agent_platform"
INTERACTIONS = "interactions"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long calls may take.

    Attributes:
        connect_seconds: To open a connection.
        call_seconds: For a whole submission or poll.
        token_seconds: To get an access token.
    """

    connect_seconds: float = 10.0
    call_seconds: float = 300.0
    token_seconds: float = 30.0


@asynccontextmanager
async def configured_upstreams(
    settings: Settings,
    sink: ResultSink,
    clock: Clock,
    tracer_provider: TracerProvider | None,
    *,
    patience: Patience | None = None,
    simulator_folder: Path | None = None,
    in_thread: InThread = asyncio.to_thread,
) -> AsyncGenerator[Mapping[str, Adapter]]:
    """Yield the upstreams that the settings name, and close them afterwards.

    Args:
        settings: The settings.
        sink: Stores videos that arrive inline.
        clock: Time.
        tracer_provider: Receives a span for each call. None: no spans.
        patience: How long calls may take.
        simulator_folder: The folder for the state of an embedded simulator. Default: a folder in
            the data folder.
        in_thread: Runs the blocking functions that load credentials.

    """
    patience = patience or Patience()
    async with AsyncExitStack() as parts:
        if settings.upstream == "simulator":
            folder = simulator_folder or settings.data_folder / "simulator"
            yield _simulated(settings, folder, sink, clock, tracer_provider, parts)
            return
        upstreams: dict[str, Adapter] = {}
        tokens = _tokens(settings, patience, in_thread)
        if settings.google_project is not None or settings.google_api_key is not None:
            for name, veo in _agent_platform(settings, patience):
                upstreams[name] = AgentPlatform(
                    veo, tokens, sink, clock, tracer_provider=tracer_provider
                )
        if (omni := _interactions(settings, tokens, patience)) is not None:
            upstreams[INTERACTIONS] = Interactions(
                *omni, sink, clock, tracer_provider=tracer_provider
            )
        for upstream in upstreams.values():
            parts.push_async_callback(upstream.aclose)
        yield upstreams


def _simulated(
    settings: Settings,
    folder: Path,
    sink: ResultSink,
    clock: Clock,
    tracer_provider: TracerProvider | None,
    parts: AsyncExitStack,
) -> Mapping[str, Adapter]:
    simulator = EmbeddedSimulator(folder, settings.simulator_latency_seconds, clock)
    simulator.start()
    parts.push_async_callback(simulator.aclose)
    veo = simulated(simulator, sink, clock, tracer_provider=tracer_provider)
    parts.push_async_callback(veo.aclose)
    omni = simulated_interactions(simulator, sink, clock, tracer_provider=tracer_provider)
    parts.push_async_callback(omni.aclose)
    return {AGENT_PLATFORM: veo, INTERACTIONS: omni}


def _agent_platform(
    settings: Settings, patience: Patience
) -> list[tuple[str, AgentPlatformConfig]]:
    """Return the name and the configuration of each location that serves Veo."""
    locations = {AGENT_PLATFORM: settings.google_location}
    for location in settings.google_fallback_locations:
        locations[region_name(AGENT_PLATFORM, location)] = location
    return [
        (
            name,
            AgentPlatformConfig(
                name=name,
                project=settings.google_project,
                location=location,
                base_url=settings.google_base_url,
                api_version=settings.google_api_version,
                storage_base_url=settings.google_storage_url,
                connect_seconds=patience.connect_seconds,
                call_seconds=patience.call_seconds,
            ),
        )
        for name, location in locations.items()
    ]


def _interactions(
    settings: Settings, tokens: TokenSource, patience: Patience
) -> tuple[InteractionsConfig, TokenSource] | None:
    """Return the host of Omni models: the Developer API if its key is set."""
    if (key := settings.gemini_api_key) is not None:
        config = InteractionsConfig(
            host="developer",
            base_url=settings.gemini_base_url,
            connect_seconds=patience.connect_seconds,
            call_seconds=patience.call_seconds,
        )
        return config, ApiKey(key.get_secret_value())
    if settings.google_project is None:
        return None
    config = InteractionsConfig(
        host="agent_platform",
        project=settings.google_project,
        base_url=settings.google_base_url,
        storage_base_url=settings.google_storage_url,
        connect_seconds=patience.connect_seconds,
        call_seconds=patience.call_seconds,
    )
    return config, tokens


def _tokens(settings: Settings, patience: Patience, in_thread: InThread) -> TokenSource:
    if (token := settings.google_access_token) is not None:
        return StaticToken(token.get_secret_value())
    if (key := settings.google_api_key) is not None:
        return ApiKey(key.get_secret_value())
    return GoogleCredentials(deadline_seconds=patience.token_seconds, in_thread=in_thread)
