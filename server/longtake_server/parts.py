# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the parts of the server that outlive single calls."""

from __future__ import annotations

import random
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from longtake_server.budgets_file import BudgetsFile
from longtake_server.clock import SystemClock
from longtake_server.engine_settings import engine_settings
from longtake_server.errors import StartFailure, StorageUnavailable
from longtake_server.http.signer import UrlSigner
from longtake_server.identity.signing_keys import SigningKeys
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.operations.engine.election import Election
from longtake_server.operations.engine.engine import Ports
from longtake_server.operations.following import Follower
from longtake_server.operations.ledger import Ledger
from longtake_server.operations.neighbours import Neighbours
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.results.addresses import VideoAddresses
from longtake_server.operations.service import VideoOperations
from longtake_server.operations.topics import Topics
from longtake_server.operations.watching import Watching
from longtake_server.rpc import convert
from longtake_server.rpc.health import HealthServicer
from longtake_server.start_check import (
    warn_of_a_simulator_that_replicas_do_not_share,
    warn_of_unusable,
)
from longtake_server.stores import open_store, store_place
from longtake_server.telemetry import Telemetry, metrics
from longtake_server.upstream.configured import configured_upstreams
from longtake_server.webhooks.delivering import Courier
from longtake_server.webhooks.payloads import Payloads
from longtake_server.webhooks.posting import Poster
from longtake_server.webhooks.resolver import Resolver
from longtake_server.webhooks.sender import SenderParts, Senders
from longtake_server.webhooks.service import Webhooks
from longtake_server.webhooks.target import TargetCheck
from longtake_server.webhooks_file import WebhooksFile

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from contextlib import AsyncExitStack

    from longtake_server.clock import Clock
    from longtake_server.settings import Settings
    from longtake_server.stores import Store


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of the server that outlive single calls."""

    clock: Clock
    store: Store
    ledger: Ledger
    watching: Watching
    election: Election
    follower: Follower
    neighbours: Neighbours
    budgets: BudgetsFile
    webhooks_file: WebhooksFile
    webhooks: Webhooks
    health: HealthServicer
    service: VideoOperations
    signer: UrlSigner
    start_check: Callable[[], Coroutine[Any, Any, None]]


async def build_parts(settings: Settings, telemetry: Telemetry, closing: AsyncExitStack) -> Parts:
    """Build the parts, and become the engine if no other replica is.

    Args:
        settings: The settings.
        telemetry: Where the parts report.
        closing: Closes the parts.

    Raises:
        StartFailure: A part cannot be used.

    """
    simulated = settings.upstream == "simulator"
    warn_of_a_simulator_that_replicas_do_not_share(settings)
    catalogue = Catalogue.load(settings.catalogue_file, shipped_quotas=not simulated)
    store = await open_store(settings, SystemClock())
    clock = store.clock
    closing.push_async_callback(store.close)
    budgets = BudgetsFile(settings.budgets_file, store, clock)
    webhooks_file = WebhooksFile(settings.webhooks_file, store.webhooks, clock)
    resolver = Resolver()
    closing.callback(resolver.close)
    targets = TargetCheck(settings.webhook_allowed_networks, resolver)
    webhooks = Webhooks(store.webhooks, targets, clock, settings.max_webhooks_per_caller)
    with _failing_to_start(settings):
        await budgets.load()
        await webhooks_file.load()
    media = ObjectMediaStore.open(settings.media_url or settings.data_folder / "media")
    routes = await closing.enter_async_context(
        configured_upstreams(settings, media, clock, telemetry.tracer_provider)
    )
    upstreams = {upstream.name: upstream for upstream in routes.values()}
    topics = Topics(clock)
    ledger = Ledger(store, topics, clock, retention=timedelta(days=settings.retention_days))
    closing.push_async_callback(ledger.aclose)
    watching = Watching(
        ledger,
        store,
        topics,
        clock,
        max_watches=settings.max_watches,
        max_watches_per_caller=settings.max_watches_per_caller,
        jitter=random.random,
    )
    telemetry.report(metrics.WATCHES, lambda: watching.watches)
    sending = _sending(settings, store, clock, telemetry, closing)
    ports = Ports(store, media, ledger, topics, upstreams, catalogue, clock, telemetry, sending)
    health = HealthServicer(upstreams)
    election = Election(
        ports,
        engine_settings(settings),
        lambda upstream, failure: health.note_upstream(upstream, answers=failure is None),
        health.note_engine,
        health.note_settings,
    )
    follower = Follower(store, ledger, clock, election.hold)
    with _failing_to_start(settings):
        await follower.start()
        await election.start()
    longest = settings.video_url_longest_seconds
    signing_keys = SigningKeys(store, clock, timedelta(seconds=longest))
    signer = UrlSigner(signing_keys, clock, settings.public_url)
    service = VideoOperations(
        store=store,
        ledger=ledger,
        watching=watching,
        election=election,
        upstreams=upstreams,
        routes=routes,
        media=media,
        catalogue=catalogue,
        clock=clock,
        addresses=VideoAddresses(signer, clock, longest),
        check_webhook=webhooks.check,
        enforce_retirement=not simulated,
    )
    check = partial(warn_of_unusable, settings, catalogue, {} if simulated else routes)
    neighbours = Neighbours(ports, election)
    return Parts(
        clock=clock,
        store=store,
        ledger=ledger,
        watching=watching,
        election=election,
        follower=follower,
        neighbours=neighbours,
        budgets=budgets,
        webhooks_file=webhooks_file,
        webhooks=webhooks,
        health=health,
        service=service,
        signer=signer,
        start_check=check,
    )


def _sending(
    settings: Settings, store: Store, clock: Clock, telemetry: Telemetry, closing: AsyncExitStack
) -> Senders:
    """Return what makes the senders of webhooks. A flood of registrations holds up no lookup."""
    resolver = Resolver()
    closing.callback(resolver.close)
    courier = Courier(
        store.webhooks,
        TargetCheck(settings.webhook_allowed_networks, resolver),
        Poster(),
        Payloads(convert.operation),
        clock,
        telemetry,
        random.random,
    )
    return Senders(SenderParts(store.webhooks, courier, clock, telemetry))


@contextmanager
def _failing_to_start(settings: Settings) -> Iterator[None]:
    """Turn StorageUnavailable into StartFailure, and name the database."""
    try:
        yield
    except StorageUnavailable as error:
        raise StartFailure(f"{store_place(settings)}: {error}") from None
