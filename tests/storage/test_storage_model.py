# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""For any sequence of operations, the store behaves like its reference model."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from fakes.clock import FakeClock
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule
from longtake_server.errors import ResourceError
from longtake_server.operations.accounting import Dimension, UsageQuery
from longtake_server.operations.model import State
from longtake_server.operations.replica_store import Leadership
from longtake_server.operations.store import Filter, LeaseLost, RevisionConflict, Work
from longtake_server.storage.sqlite import SqliteStore
from storage.storage_model import PlainStore
from storage.storage_records import REQUEST, at, changed, new_record

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from longtake_server.operations.model import OperationRecord

_T = TypeVar("_T")

_seconds = st.integers(0, 30).map(float)
_callers = st.sampled_from(["", "ann"])
_states = st.sampled_from(State)
_known_as = st.sampled_from(["", "upstream/1", "upstream/2"])
_filters = st.builds(
    Filter,
    caller=st.none() | _callers,
    states=st.frozensets(_states, max_size=2),
    labels=st.sampled_from([(), (("scene", "7"),)]),
)


class StoreMachine(RuleBasedStateMachine):
    """Applies each step to the store and the model, and compares results and errors."""

    names = Bundle("names")
    works = Bundle("works")

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name) / "longtake.db"
        self._clock = FakeClock()
        self._store = self._runner.run(SqliteStore.open(self._path, self._clock))
        self._plain = PlainStore()
        self._replicas = 0

    def teardown(self) -> None:
        self._runner.run(self._store.close())
        self._runner.close()
        self._folder.cleanup()

    def _same(self, real: Coroutine[object, object, _T], plain: Callable[[], _T]) -> _T | None:
        """Return the common result, or None if both raised the same error."""
        try:
            expected = plain()
        except (ResourceError, RevisionConflict, LeaseLost) as error:
            try:
                answer = self._runner.run(real)
            except type(error):
                return None
            raise AssertionError(f"{answer!r} instead of {error!r}") from error
        answer = self._runner.run(real)
        assert answer == expected
        return answer

    @rule(
        target=names,
        created=_seconds,
        caller=_callers,
        request_id=st.sampled_from(["", "one", "two"]),
        labels=st.sampled_from([{}, {"scene": "7"}]),
    )
    def create(
        self, created: float, caller: str, request_id: str, labels: dict[str, str]
    ) -> object:
        record = new_record(created=created, caller=caller, request_id=request_id, labels=labels)
        stored = self._same(self._store.create(record, REQUEST), lambda: self._plain.create(record))
        return record.name if stored is not None else multiple()

    @rule(
        name=names,
        behind=st.integers(0, 1),
        state=_states,
        expires=st.none() | _seconds,
        known_as=_known_as,
        served=st.sampled_from(["veo", "fast"]),
        cost=st.none() | st.integers(0, 3),
    )
    def update(
        self,
        name: str,
        behind: int,
        state: State,
        expires: float | None,
        known_as: str,
        served: str,
        cost: int | None,
    ) -> None:
        current = self._same(self._store.get(name), lambda: self._plain.get(name))
        if current is None:
            return
        record = replace(
            changed(current, state, expires=expires),
            upstream_operation=known_as,
            served_model=served,
            cost_micros=cost,
        )
        expected = current.revision - behind
        self._same(
            self._store.update(record, expected), lambda: self._plain.update(record, expected)
        )

    @rule(name=names, expired=st.booleans())
    def delete(self, name: str, expired: bool) -> None:
        self._same(
            self._store.delete(name, expired=expired),
            lambda: self._plain.delete(name, expired=expired),
        )

    @rule(target=works, owner=st.sampled_from(["a", "b"]), now=_seconds, limit=st.integers(1, 3))
    def take(self, owner: str, now: float, limit: int) -> object:
        args = (owner, at(now), at(now + 10), limit)
        taken = self._same(self._as_list(args), lambda: [*self._plain.take(*args)])
        return multiple(*(taken or ()))

    async def _as_list(self, args: tuple[str, object, object, int]) -> list[Work]:
        return list(await self._store.take(*args))  # type: ignore[arg-type]  # the times of `take`

    @rule(work=works, until=_seconds)
    def extend(self, work: Work, until: float) -> None:
        self._same(self._store.extend(work, at(until)), lambda: self._plain.extend(work, at(until)))

    @rule(work=works, due=_seconds)
    def again(self, work: Work, due: float) -> None:
        self._same(self._store.again(work, at(due)), lambda: self._plain.again(work, at(due)))

    @rule(name=names, due=_seconds)
    def wake(self, name: str, due: float) -> None:
        self._same(self._store.wake(name, at(due)), lambda: self._plain.wake(name, at(due)))

    @rule(wanted=_filters, limit=st.integers(1, 4))
    def pages(self, wanted: Filter, limit: int) -> None:
        found: list[OperationRecord] = []
        cursor = None
        while True:
            page = self._runner.run(self._store.list(wanted, limit, cursor))
            found += page.records
            cursor = page.next_cursor
            if cursor is None:
                break
        assert found == self._plain.list(wanted)

    @rule(known_as=_known_as)
    def find_by_upstream(self, known_as: str) -> None:
        found = self._runner.run(self._store.find_by_upstream(known_as))
        assert found == self._plain.find_by_upstream(known_as)

    @rule(share=st.floats(0, 1))
    def changes(self, share: float) -> None:
        after = int(self._plain.position * share)
        found = self._runner.run(self._store.changes(after, 1000))
        assert [(one.position, one.name, one.record) for one in found] == self._plain.changes(after)

    @rule()
    def reopen(self) -> None:
        self._runner.run(self._store.close())
        self._store = self._runner.run(SqliteStore.open(self._path, self._clock))

    @rule()
    def replace_the_engine(self) -> None:
        self._replicas += 1
        term = self._runner.run(self._store.lead(f"replica-{self._replicas}", 6.0))
        assert term == Leadership(self._replicas, is_new=True)
        self._runner.run(self._store.release_leases(term.epoch))
        self._plain.release_leases()

    @invariant()
    def they_agree(self) -> None:
        assert self._runner.run(self._store.position()) == self._plain.position
        assert self._runner.run(self._store.usage(date.min, date.max)) == self._plain.usage()
        wanted = UsageQuery(date.min, date.max, None, frozenset({Dimension.LABEL}), "scene")
        page = self._runner.run(self._store.usage_by(wanted, 100))
        by_label = {row.label_value: row.sums for row in page.rows}
        assert by_label == self._plain.usage_by_label("scene")

    @rule(now=_seconds)
    def ask_what_is_due(self, now: float) -> None:
        assert self._runner.run(self._store.next_due(at(now))) == self._plain.next_due(at(now))
        expired = self._runner.run(self._store.expired(at(now), 1000))
        assert sorted(expired) == sorted(self._plain.expired(at(now)))


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=25, stateful_step_count=40, deadline=None, database=None
)
