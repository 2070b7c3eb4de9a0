# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""In any order of events, no operation is lost, submitted twice or changed after it ended."""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from contextlib import AsyncExitStack, aclosing, closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest
from fakes.clock import FakeClock
from fakes.engine import RETENTION, Engine, engine
from google.protobuf.duration_pb2 import Duration
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from longtake_server.errors import OperationDeleted, ResourceError
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import LateSuccess, OperationRecord, State, VideoMeasured
from longtake_server.operations.store import Filter
from longtake_server.operations.transition import transition
from longtake_server.operations.view import Changed, Gone, InitialSetComplete
from operations.operations_lifecycle import CANCELS, POLLS, SUBMISSIONS, ChosenUpstream

if TYPE_CHECKING:
    from longtake_server.operations.store import Work
    from longtake_server.operations.upstream import PollResult

_HOUR = 3600.0
_DAY = 24 * _HOUR
_MOST_STEPS_TO_THE_END = 50
Meanwhile = Literal["nothing", "cancel", "delete", "kill"]


class LifecycleMachine(RuleBasedStateMachine):
    """The real engine on a real file, and the observed states of each operation."""

    names = Bundle("names")

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self._folder = tempfile.TemporaryDirectory()
        self._path = Path(self._folder.name)
        self._clock = FakeClock()
        self._upstream = ChosenUpstream()
        self._stack = AsyncExitStack()
        self._parts: Engine
        self._open()
        self._last: dict[str, OperationRecord] = {}
        self._gone: set[str] = set()
        self._seen: dict[str, OperationRecord] = {}
        self._seen_of_all: dict[str, OperationRecord] = {}
        self._position: int | None = None

    def _open(self) -> None:
        opening = engine(self._path, self._upstream, clock=self._clock)
        self._parts = self._runner.run(self._stack.enter_async_context(opening))

    def _reopen(self) -> None:
        self._runner.run(self._stack.aclose())
        self._open()

    def teardown(self) -> None:
        try:
            self._everything_ends()
        finally:
            self._runner.run(self._stack.aclose())
            self._runner.close()
            self._folder.cleanup()

    @rule(target=names, resubmit=st.booleans(), patience=st.none() | st.sampled_from([5, 4000]))
    def accept(self, resubmit: bool, patience: int | None) -> str:
        # Names sort by time, and so does work that is due together. This makes runs repeatable.
        self._clock.advance(0.001)
        timeout = None if patience is None else Duration(seconds=patience)
        record = self._runner.run(
            self._parts.accept(resubmit_if_unknown=resubmit, queue_timeout=timeout)
        )
        self._last[record.name] = record
        return record.name

    @rule(
        submission=st.sampled_from(SUBMISSIONS),
        polling=st.sampled_from(POLLS),
        cancelling=st.sampled_from(CANCELS),
        meanwhile=st.sampled_from(Meanwhile.__args__),  # type: ignore[attr-defined]  # the words of a Literal
    )
    def step(
        self,
        submission: str | Exception,
        polling: PollResult | Exception,
        cancelling: bool | Exception,
        meanwhile: Meanwhile,
    ) -> None:
        """Lease the work that is longest due, and run an event during its call."""
        self._upstream.submission = submission
        self._upstream.polling = polling
        self._upstream.cancelling = cancelling
        if self._runner.run(self._step(meanwhile)):
            self._reopen()

    async def _step(self, meanwhile: Meanwhile) -> bool:
        """Return whether the process dies during the step."""
        work = await self._take()
        if work is None:
            return False
        self._upstream.calling.clear()
        self._upstream.let_answer.clear()
        stepping = asyncio.ensure_future(self._parts.runner._run_step(work))
        calling = asyncio.ensure_future(self._upstream.calling.wait())
        await asyncio.wait((stepping, calling), return_when=asyncio.FIRST_COMPLETED)
        calling.cancel()
        if not stepping.done():
            if meanwhile == "kill":
                stepping.cancel()
                await asyncio.gather(stepping, return_exceptions=True)
                return True
            await self._do(meanwhile, work.name)
        self._upstream.let_answer.set()
        await stepping
        return False

    async def _take(self) -> Work | None:
        now = self._clock.now()
        until = now + self._parts.runner._leasing.lease
        return next(iter(await self._parts.store.take("test", now, until, 1)), None)

    async def _do(self, what: Meanwhile, name: str) -> None:
        if what == "cancel":
            await self._parts.service.cancel(name, ANYONE)
        if what == "delete":
            await self._parts.service.delete(name, ANYONE)
            self._gone.add(name)

    @rule(name=names, what=st.sampled_from(["cancel", "delete"]))
    def caller(self, name: str, what: Meanwhile) -> None:
        if name in self._gone:
            with pytest.raises(OperationDeleted):
                self._runner.run(self._do(what, name))
        else:
            self._runner.run(self._do(what, name))

    @rule(name=names, size=st.integers(1, 3))
    def measure(self, name: str, size: int) -> None:
        record = self._last[name]
        if name not in self._gone and record.videos:
            event = VideoMeasured(0, size, "0" * 64)
            self._runner.run(self._parts.ledger.commit(name, event))

    @rule()
    def dispatch(self) -> None:
        """Wake the operations that may proceed."""
        self._dispatch()

    def _dispatch(self) -> None:
        self._runner.run(self._parts.dispatcher.step())

    @rule()
    def restart(self) -> None:
        self._reopen()

    @rule(seconds=st.sampled_from([0.5, 1.0, 10.0, 100.0, _HOUR + 1, _DAY + 1]))
    def time_passes(self, seconds: float) -> None:
        self._clock.advance(seconds)

    @rule(seconds=st.sampled_from([0.5, _HOUR]))
    def the_clock_is_turned_back(self, seconds: float) -> None:
        self._clock.step_back(seconds)

    @rule(name=names)
    def watch(self, name: str) -> None:
        """Resume the watch of an operation."""
        self._runner.run(self._watch(name))

    async def _watch(self, name: str) -> None:
        seen = self._seen.get(name)
        after = seen.revision if seen else 0
        try:
            current = await self._parts.service.get(name, ANYONE)
        except ResourceError:
            assert name in self._gone
            return
        watch = await self._parts.service.watch(name, ANYONE, after, 30)
        async with aclosing(watch) as events:
            if current.revision == after:
                if current.done:
                    assert [event async for event in events] == []
                return
            event = await anext(events)
            assert isinstance(event, OperationRecord)
            self._see(self._seen, event)

    @rule()
    def watch_everything(self) -> None:
        """Resume the watch of all operations."""
        self._runner.run(self._watch_everything())

    async def _watch_everything(self) -> None:
        events = self._parts.service.watch_all(Filter(), ANYONE, self._position, 30)
        async with aclosing(events):
            async for event in events:
                match event:
                    case Changed():
                        self._see(self._seen_of_all, event.record)
                    case Gone():
                        assert event.name in self._gone
                        self._seen_of_all.pop(event.name, None)
                    case InitialSetComplete():
                        self._position = event.position
                        break
                    case _:
                        raise AssertionError(event)
        current = {name: one for name, one in self._last.items() if name not in self._gone}
        newest = {name: await self._parts.store.get(name) for name in current}
        assert self._seen_of_all == newest

    def _see(self, seen: dict[str, OperationRecord], record: OperationRecord) -> None:
        before = seen.get(record.name)
        if before is not None:
            _assert_follows(before, record)
        seen[record.name] = record

    @invariant()
    def all_holds(self) -> None:
        self._operations_only_move_on()
        self._none_is_sent_twice_unasked()
        self._each_that_goes_on_has_work_that_is_free()

    def _operations_only_move_on(self) -> None:
        for name, before in self._last.items():
            if name in self._gone:
                with pytest.raises(OperationDeleted):
                    self._runner.run(self._parts.store.get(name))
                continue
            record = self._runner.run(self._parts.store.get(name))
            if record != before:
                _assert_follows(before, record)
                self._last[name] = record
            assert self._runner.run(self._parts.ledger.get(name)) == record

    def _none_is_sent_twice_unasked(self) -> None:
        for name, times in self._upstream.may_have_started.items():
            assert times <= 1 or self._last[name].resubmit_if_unknown

    def _each_that_goes_on_has_work_that_is_free(self) -> None:
        going_on = {
            name
            for name, record in self._last.items()
            if name not in self._gone and (not record.done or record.may_succeed_late)
        }
        with closing(sqlite3.connect(self._path / "longtake.db")) as database:
            rows = database.execute("SELECT name, owner FROM work").fetchall()
        assert dict(rows) == dict.fromkeys(going_on)

    def _everything_ends(self) -> None:
        """Let time pass with a healthy upstream: every operation must end."""
        self._upstream.submission, self._upstream.polling = SUBMISSIONS[0], POLLS[1]
        for _ in range(_MOST_STEPS_TO_THE_END * (len(self._last) + 1)):
            # Work of a failed operation stays until its generation is seen to have succeeded.
            due = self._runner.run(self._parts.store.next_due(self._clock.now()))
            if due is None:
                break
            self._dispatch()
            waits = [
                (due - self._clock.now()).total_seconds(),
                self._parts.admission.seconds_to_next(),
                self._parts.dispatcher._poll_budget.seconds_to_next(),
            ]
            self._clock.advance(max(0.0, min(wait for wait in waits if wait is not None)))
            self._runner.run(self._step("nothing"))
        self.all_holds()
        for name in [*self._last, *self._last]:
            self.watch(name)
        self.watch_everything()
        assert all(one.done for name, one in self._last.items() if name not in self._gone)


def _assert_follows(before: OperationRecord, now: OperationRecord) -> None:
    assert now.revision > before.revision
    assert now.update_time >= before.update_time
    if before.done:
        # A full read determines the size of a video, and a generation may succeed late once.
        # Nothing else may change after the end.
        if now.late_success:
            assert not before.late_success
            assert before.may_succeed_late
            settled = transition(
                before, LateSuccess(now.billed_seconds, now.cost_micros), now.update_time, RETENTION
            )
            assert now == settled
            return
        assert before.state is State.SUCCEEDED
        same = {"revision": 0, "videos": (), "update_time": before.update_time}
        assert replace(now, **same) == replace(before, **same)  # type: ignore[arg-type]  # fields of different types
        assert [one.location for one in now.videos] == [one.location for one in before.videos]
    if before.state is State.RUNNING:
        assert now.done or now.state is State.RUNNING
        assert now.upstream_operation == before.upstream_operation


TestLifecycleMachine = LifecycleMachine.TestCase
TestLifecycleMachine.settings = settings(
    max_examples=40, stateful_step_count=40, deadline=None, database=None
)
