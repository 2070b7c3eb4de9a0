# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The real engine on a real SQLite file, with a fake clock and a scripted upstream."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.http.signer import UrlSigner
from longtake_server.identity.principal import ANYONE, Principal, Role
from longtake_server.identity.signing_keys import SigningKeys
from longtake_server.media.objects import ObjectMediaStore
from longtake_server.operations.engine import engine as engine_module
from longtake_server.operations.engine.election import Election
from longtake_server.operations.engine.limits import Limits
from longtake_server.operations.engine.runner import Leasing, Runner
from longtake_server.operations.ledger import Ledger
from longtake_server.operations.polling.pacing import Pacing
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.results.addresses import VideoAddresses
from longtake_server.operations.service import VideoOperations
from longtake_server.operations.topics import Topics
from longtake_server.operations.watching import Watching
from longtake_server.storage.sqlite import SqliteStore
from longtake_server.telemetry import Telemetry
from longtake_server.webhooks.service import Webhooks

from fakes.address_check import ScriptedAddresses
from fakes.clock import FakeClock
from fakes.sender import IdleSender
from fakes.upstream import ScriptedUpstream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from longtake_server.operations.admission.admission import Admission
    from longtake_server.operations.admission.dispatcher import Dispatcher
    from longtake_server.operations.engine.driver import Driver
    from longtake_server.operations.model import Failure, OperationRecord
    from longtake_server.operations.polling.scheduler import PollScheduler

MODEL = "veo-3.1-generate-001"
RETENTION = timedelta(days=30)
LONGEST_URL_SECONDS = 7 * 86400
MOST_WEBHOOKS = 3
_ENDLESS = 1e12
EVERY_SECOND = Pacing(1.0, 1.0)


@dataclass
class Engine:
    """The parts that tests use."""

    clock: FakeClock
    upstream: ScriptedUpstream
    store: SqliteStore
    media: ObjectMediaStore
    ledger: Ledger
    topics: Topics
    watching: Watching
    election: Election
    service: VideoOperations
    webhooks: Webhooks
    signer: UrlSigner
    outages: list[tuple[str, Failure | None]]
    agreements: list[bool]

    @property
    def core(self) -> engine_module.Engine:
        """The engine, which must be this replica."""
        assert self.election.engine is not None
        return self.election.engine

    @property
    def driver(self) -> Driver:
        """Runs single steps."""
        return self.core.driver

    @property
    def runner(self) -> Runner:
        """Leases due work and steps it."""
        return self.core.runner

    @property
    def admission(self) -> Admission:
        """Decides which operations may be submitted."""
        return self.core.admission

    @property
    def poll_scheduler(self) -> PollScheduler:
        """Decides when running operations are polled."""
        return self.core.poll_scheduler

    @property
    def dispatcher(self) -> Dispatcher:
        """Wakes operations that may proceed."""
        return self.core.dispatcher

    async def accept(self, caller: str = "", **fields: object) -> OperationRecord:
        """Accept a generation. `fields` are fields of the request."""
        request = GenerateVideosRequest(model=MODEL, prompt="a dog", **fields)  # type: ignore[arg-type]  # a test's own fields
        return await self.service.generate(request, principal(caller))


def principal(caller: str) -> Principal:
    """Return the generator of this id; without an id the principal that may do everything."""
    return Principal(caller, frozenset({Role.GENERATOR})) if caller else ANYONE


@asynccontextmanager
async def engine(
    folder: Path,
    upstream: ScriptedUpstream | None = None,
    *,
    clock: FakeClock | None = None,
    limits: Limits | None = None,
    pacing: Pacing | None = None,
    max_polls_per_second: int = 1000,
    max_watches: int = 100,
    max_watches_per_caller: int | None = None,
    catalogue: Catalogue | None = None,
    enforce_retirement: bool = False,
    routed: Sequence[str] = ("agent_platform", "interactions"),
    retain: bool = False,
    elsewhere: Sequence[ScriptedUpstream] = (),
    telemetry: Telemetry | None = None,
    term_seconds: float = _ENDLESS,
    replica: str = "test",
    shared: SqliteStore | None = None,
    settings: Mapping[str, str] | None = None,
    public_url: str | None = "https://videos.example",
) -> AsyncIterator[Engine]:
    """Build the engine. On exit, the script of each upstream must be used up.

    Args:
        routed: The upstreams of the catalogue that the scripted one serves.
        elsewhere: The other regions of it, in the order in which they are tried.
        term_seconds: How long this replica is the engine without `Election.run`.
        replica: The name of this replica.
        shared: The open store of several replicas; a store of its own by default.
        settings: The upstream settings of this replica, by name.
        public_url: The base of signed addresses, None for that of an HTTP listener.
    """
    clock = clock or FakeClock()
    upstream = upstream or ScriptedUpstream()
    upstreams = {each.name: each for each in (upstream, *elsewhere)}
    catalogue = catalogue or Catalogue.load(shipped_quotas=False)
    telemetry = telemetry or Telemetry()
    outages: list[tuple[str, Failure | None]] = []
    agreements: list[bool] = []
    store = shared or await SqliteStore.open(folder / "longtake.db", clock)
    media = ObjectMediaStore.open(folder / "media")
    topics = Topics(clock)
    ledger = Ledger(store, topics, clock, retention=RETENTION)
    watching = Watching(
        ledger,
        store,
        topics,
        clock,
        max_watches=max_watches,
        max_watches_per_caller=max_watches_per_caller,
        jitter=lambda: 0.0,
    )
    election = Election(
        engine_module.Ports(
            store, media, ledger, topics, upstreams, catalogue, clock, telemetry, IdleSender
        ),
        engine_module.EngineSettings(
            leasing=Leasing(replica),
            limits=limits or Limits(),
            pacing=pacing or EVERY_SECOND,
            max_polls_per_second=max_polls_per_second,
            retain_results=retain,
            upstreams=settings or {},
            backoff_chance=lambda: 0.0,
            term_seconds=term_seconds,
            poll_chance=lambda: 0.5,
        ),
        lambda upstream, failure: outages.append((upstream, failure)),
        lambda _: None,
        agreements.append,
    )
    await election.start()
    keys = SigningKeys(store, clock, timedelta(seconds=LONGEST_URL_SECONDS))
    signer = UrlSigner(keys, clock, public_url)
    webhooks = Webhooks(store.webhooks, ScriptedAddresses(), clock, MOST_WEBHOOKS)
    service = VideoOperations(
        store=store,
        ledger=ledger,
        watching=watching,
        election=election,
        upstreams=upstreams,
        routes=dict.fromkeys(routed, upstream),
        media=media,
        catalogue=catalogue,
        clock=clock,
        addresses=VideoAddresses(signer, clock, LONGEST_URL_SECONDS),
        check_webhook=webhooks.check,
        enforce_retirement=enforce_retirement,
    )
    try:
        yield Engine(
            clock,
            upstream,
            store,
            media,
            ledger,
            topics,
            watching,
            election,
            service,
            webhooks,
            signer,
            outages,
            agreements,
        )
        for each in upstreams.values():
            each.assert_all_used()
    finally:
        await ledger.aclose()
        if shared is None:
            await store.close()
