# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tells the other replicas what is not stored, and hears it from them.

The replicas tell the engine which queued operations have watchers, so that it publishes their
positions, and what is to be polled or done earlier. The engine tells the replicas when it last
polled, for heartbeats, and which upstreams do not answer.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from longtake_server.clock import happened
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.model import State
from longtake_server.operations.notices import Notices, read, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.operations.breaker import Outage
    from longtake_server.operations.engine.election import Election
    from longtake_server.operations.engine.engine import Ports

_log = logging.getLogger(__name__)

_STEP_SECONDS = 1.0
_REPEAT_SECONDS = 10.0
_FORGET_SECONDS = 30.0
_MOST_NEIGHBOURS = 1000


class Neighbours:
    """Sends the news of this replica, and applies that of the others.

    Args:
        ports: The store carries the texts; the topics and the ledger know who is watched.
        election: Reaches the engine if it is this replica.

    """

    def __init__(self, ports: Ports, election: Election) -> None:
        self._store = ports.store
        self._topics = ports.topics
        self._ledger = ports.ledger
        self._clock = ports.clock
        self._election = election
        self._heard: dict[str, float] = {}
        self._told_outages: Mapping[str, Outage | None] = {}
        self._repeat_at = 0.0
        ports.store.on_told(self.hear)

    async def run(self) -> None:
        """Tell what is new, at once or each second, and repeat it every ten, until cancelled."""
        while True:
            try:
                await self.step()
            except StorageUnavailable as error:
                _log.warning("cannot tell the other replicas", extra={"cause": str(error)})
                await self._clock.sleep(_STEP_SECONDS)
            await happened(self._election.outbox.filled, self._clock, _STEP_SECONDS)

    async def step(self) -> None:
        """Tell what is new. Raises StorageUnavailable."""
        now = self._clock.monotonic()
        is_repeat = now >= self._repeat_at
        if is_repeat:
            self._repeat_at = now + _REPEAT_SECONDS
            self._forget(now - _FORGET_SECONDS)
        news = self._election.outbox.take()
        if (engine := self._election.engine) is not None:
            await self._tell_as_engine(engine.breakers.outages(), news, is_repeat)
            return
        self._told_outages = {}
        if is_repeat:
            news.watched |= set(filter(self._is_queued, self._topics.names))
        if is_repeat or news.watched or news.ended or news.work_is_due:
            news.polled = {}
            await self._tell(news)

    async def _tell_as_engine(
        self, outages: Mapping[str, Outage | None], news: Notices, is_repeat: bool
    ) -> None:
        """Tell what only the engine knows, if another replica is there."""
        if not self._heard:
            return
        is_changed, self._told_outages = outages != self._told_outages, outages
        # The time of the next probe passes, so an outage is told each second.
        told = Notices(polled=news.polled, outages=dict(outages) if is_changed or is_repeat else {})
        if told.polled or told.outages:
            await self._tell(told)

    async def _tell(self, news: Notices) -> None:
        for text in texts(self._election.replica, news):
            await self._store.tell(text)

    def _is_queued(self, name: str) -> bool:
        record = self._ledger.cached(name)
        return record is None or record.state is State.QUEUED

    def _forget(self, before: float) -> None:
        self._heard = {name: time for name, time in self._heard.items() if time > before}
        self._topics.forget_elsewhere(before)
        self._election.forget_outages(before)

    def hear(self, text: str) -> None:
        """Apply the news in a text of any replica."""
        try:
            replica, news = read(text)
        except ValueError as error:
            _log.debug("cannot read what a replica told", extra={"cause": str(error)})
            return
        if replica == self._election.replica:
            return
        now = self._clock.monotonic()
        self._note_neighbour(replica, now)
        for name in news.watched:
            self._election.watched_elsewhere(name, now)
        if self._election.engine is None:
            self._hear_engine(news, now)
            return
        for name in news.ended:
            self._election.hint(name)
        if news.work_is_due:
            self._election.notify()

    def _note_neighbour(self, replica: str, now: float) -> None:
        if replica not in self._heard:
            # It knows nothing yet.
            self._repeat_at = now
        if replica in self._heard or len(self._heard) < _MOST_NEIGHBOURS:
            self._heard[replica] = now

    def _hear_engine(self, news: Notices, now: float) -> None:
        for name, time in news.polled.items():
            self._topics.note_poll_elsewhere(name, time)
        for upstream, outage in news.outages.items():
            self._election.hear_outage(upstream, outage, now)
