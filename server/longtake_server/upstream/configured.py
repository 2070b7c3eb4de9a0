# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The upstreams that the settings ask for, by the names that the catalogue has for them.

Other regions of the Agent Platform are upstreams of their own, named `agent_platform@LOCATION`.
"""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
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

    from opentelemetry.trace import TracerProvider

    from longtake_server.clock import Clock
    from longtake_server.operations.upstream import ResultSink, Upstream
    from longtake_server.settings import Settings
    from longtake_server.upstream.auth import TokenSource

AGENT_PLATFORM = "agent_platform"
INTERACTIONS = "interactions"


@asynccontextmanager
async def configured_upstreams(
    settings: Settings,
    sink: ResultSink,
    clock: Clock,
    tracer_provider: TracerProvider | None,
) -> AsyncGenerator[Mapping[str, Upstream]]:
    """Lend the upstreams and close them; of those that are not set up there is none."""
    async with AsyncExitStack() as parts:
        if settings.upstream == "simulator":
            yield await _simulated(settings, sink, clock, tracer_provider, parts)
        else:
            yield _google(settings, sink, clock, tracer_provider, parts)


async def _simulated(
    settings: Settings,
    sink: ResultSink,
    clock: Clock,
    tracer_provider: TracerProvider | None,
    parts: AsyncExitStack,
) -> Mapping[str, Upstream]:
    simulator = EmbeddedSimulator(
        settings.data_folder / "simulator", settings.simulator_latency_seconds, clock
    )
    simulator.start()
    parts.push_async_callback(simulator.aclose)
    veo = simulated(simulator, sink, clock, tracer_provider=tracer_provider)
    parts.push_async_callback(veo.aclose)
    omni = simulated_interactions(simulator, sink, clock, tracer_provider=tracer_provider)
    parts.push_async_callback(omni.aclose)
    return {AGENT_PLATFORM: veo, INTERACTIONS: omni}


def _google(
    settings: Settings,
    sink: ResultSink,
    clock: Clock,
    tracer_provider: TracerProvider | None,
    parts: AsyncExitStack,
) -> Mapping[str, Upstream]:
    tokens = _tokens(settings)
    veo_config = AgentPlatformConfig(
        project=settings.google_project,
        location=settings.google_location,
        base_url=settings.google_base_url,
        api_version=settings.google_api_version,
        storage_base_url=settings.google_storage_url,
    )
    veo = AgentPlatform(veo_config, tokens, sink, clock, tracer_provider=tracer_provider)
    parts.push_async_callback(veo.aclose)
    upstreams: dict[str, Upstream] = {AGENT_PLATFORM: veo}
    for location in settings.google_fallback_locations:
        name = region_name(AGENT_PLATFORM, location)
        config = replace(veo_config, location=location, name=name)
        region = AgentPlatform(config, tokens, sink, clock, tracer_provider=tracer_provider)
        parts.push_async_callback(region.aclose)
        upstreams[name] = region
    if (omni := _interactions(settings, tokens)) is not None:
        omni_config, omni_tokens = omni
        interactions = Interactions(
            omni_config, omni_tokens, sink, clock, tracer_provider=tracer_provider
        )
        parts.push_async_callback(interactions.aclose)
        upstreams[INTERACTIONS] = interactions
    return upstreams


def _interactions(
    settings: Settings, tokens: TokenSource
) -> tuple[InteractionsConfig, TokenSource] | None:
    """Return where interactions are: at the host whose key is given, else in the project."""
    if (key := settings.gemini_api_key) is not None:
        config = InteractionsConfig(host="developer", base_url=settings.gemini_base_url)
        return config, ApiKey(key.get_secret_value())
    if settings.google_project is None:
        return None
    config = InteractionsConfig(
        host="agent_platform",
        project=settings.google_project,
        base_url=settings.google_base_url,
        storage_base_url=settings.google_storage_url,
    )
    return config, tokens


def _tokens(settings: Settings) -> TokenSource:
    if (token := settings.google_access_token) is not None:
        return StaticToken(token.get_secret_value())
    if (key := settings.google_api_key) is not None:
        return ApiKey(key.get_secret_value())
    return GoogleCredentials()
