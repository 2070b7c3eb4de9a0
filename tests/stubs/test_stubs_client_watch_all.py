# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Watches of all operations: resumed by position, begun again where that cannot be."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, Silence, video_service
from google.rpc import code_pb2
from longtake import AsyncClient, Client
from longtake.errors import ClientError, ServerError
from longtake.types import (
    InitialSetComplete,
    InitialSetRestarted,
    OperationChanged,
    OperationDeleted,
)
from processes.running import GUARD_SECONDS, server
from rpc.rpc_server import serving
from stubs.stubs_messages import (
    MODEL,
    NAME,
    changed,
    deleted,
    error_info,
    nothing_changed,
    operation,
    set_complete,
    status,
    succeeded,
    unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from google.rpc.status_pb2 import Status
    from longtake.types import OperationEvent
    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]
    MakeWatcher = Callable[[str], "BlockingWatcher | AsyncWatcher"]


def _told(events: list[OperationEvent[Any]]) -> list[tuple[object, ...]]:
    return [
        (type(event), event.operation.revision, event.position)
        if isinstance(event, OperationChanged)
        else (type(event), event.position)
        for event in events
    ]


def expired() -> Status:
    return status(code_pb2.OUT_OF_RANGE, "It is not kept.", error_info("POSITION_EXPIRED"))


def test_the_initial_set_its_end_and_the_changes_come_in_order(caller: MakeCaller) -> None:
    with video_service(
        Call(
            "WatchOperations",
            changed(operation()),
            set_complete("a"),
            nothing_changed("b"),
            changed(succeeded(4), "c"),
            deleted(NAME, "d"),
            Silence.UNTIL_THE_CALLER_LEAVES,
        )
    ) as service:
        events = caller(service.address).events(4, filter="state = QUEUED")

        assert _told(events) == [
            (OperationChanged, 1, None),
            (InitialSetComplete, "a"),
            (OperationChanged, 4, "c"),
            (OperationDeleted, "d"),
        ]
        assert events[3] == OperationDeleted(NAME, "d")
        [request] = service.requests("WatchOperations")
        assert (request.filter, request.after_position) == ("state = QUEUED", "")


@pytest.mark.parametrize("broken", [[unavailable()], []], ids=["cut", "ended"])
def test_a_watch_that_breaks_resumes_after_the_last_position(
    caller: MakeCaller, broken: list[Status]
) -> None:
    with video_service(
        Call("WatchOperations", changed(operation()), set_complete("a"), *broken),
        Call("WatchOperations", nothing_changed("b"), *broken),
        Call(
            "WatchOperations",
            changed(succeeded(4), "c"),
            set_complete("d"),
            deleted(NAME, "e"),
            Silence.UNTIL_THE_CALLER_LEAVES,
        ),
    ) as service:
        events = caller(service.address).events(4, filter="done = true")

        # The end of the initial set comes once, however often the connection breaks.
        assert [event.position for event in events] == [None, "a", "c", "e"]
        asked = service.requests("WatchOperations")
        assert [one.after_position for one in asked] == ["", "a", "b"]
        assert {one.filter for one in asked} == {"done = true"}


def test_a_position_of_an_earlier_watch_is_where_the_next_one_begins(caller: MakeCaller) -> None:
    with video_service(
        Call("WatchOperations", changed(succeeded(4), "c"), unavailable()),
        Call("WatchOperations", set_complete("d"), Silence.UNTIL_THE_CALLER_LEAVES),
    ) as service:
        events = caller(service.address).events(2, after_position="b")

        assert _told(events) == [(OperationChanged, 4, "c"), (InitialSetComplete, "d")]
        assert [one.after_position for one in service.requests("WatchOperations")] == ["b", "c"]


def test_an_initial_set_that_breaks_begins_again_and_says_so(caller: MakeCaller) -> None:
    with video_service(
        Call("WatchOperations", changed(operation()), unavailable()),
        Call("WatchOperations", unavailable()),
        Call(
            "WatchOperations",
            changed(operation("RUNNING", 3)),
            set_complete("a"),
            Silence.UNTIL_THE_CALLER_LEAVES,
        ),
    ) as service:
        assert _told(caller(service.address).events(4)) == [
            (OperationChanged, 1, None),
            (InitialSetRestarted, None),
            (OperationChanged, 3, None),
            (InitialSetComplete, "a"),
        ]


def test_a_watch_that_breaks_before_its_first_event_has_nothing_to_begin_again(
    caller: MakeCaller,
) -> None:
    with video_service(
        Call("WatchOperations", unavailable()),
        Call("WatchOperations", set_complete("a"), Silence.UNTIL_THE_CALLER_LEAVES),
    ) as service:
        assert _told(caller(service.address).events(1)) == [(InitialSetComplete, "a")]


def ahead() -> Status:
    return status(code_pb2.FAILED_PRECONDITION, "It is newer.", error_info("REVISION_AHEAD"))


@pytest.mark.parametrize("lost", [expired(), ahead()], ids=["expired", "restored"])
def test_a_position_that_the_server_loses_begins_the_set_again(
    caller: MakeCaller, lost: Status
) -> None:
    with video_service(
        Call("WatchOperations", changed(operation()), set_complete("a"), unavailable()),
        Call("WatchOperations", lost),
        Call("WatchOperations", set_complete("z"), Silence.UNTIL_THE_CALLER_LEAVES),
    ) as service:
        assert _told(caller(service.address).events(4)) == [
            (OperationChanged, 1, None),
            (InitialSetComplete, "a"),
            (InitialSetRestarted, None),
            (InitialSetComplete, "z"),
        ]
        assert [one.after_position for one in service.requests("WatchOperations")] == ["", "a", ""]


def test_an_initial_set_that_never_gets_on_is_given_up(caller: MakeCaller) -> None:
    script = [Call("WatchOperations", changed(operation()), unavailable())] * 4
    with video_service(*script) as service, pytest.raises(ServerError, match="Socket closed"):
        caller(service.address).events(99)


def test_a_refusal_is_raised(caller: MakeCaller) -> None:
    refusal = status(code_pb2.INVALID_ARGUMENT, "No such field.", error_info("INVALID_FIELD"))
    with (
        video_service(Call("WatchOperations", refusal)) as service,
        pytest.raises(ClientError, match="No such field"),
    ):
        caller(service.address).events(1, filter="colour = red")


@pytest.mark.parametrize("argument", ["filter", "after_position"])
def test_a_wrong_argument_of_watch_all_is_named(caller: MakeCaller, argument: str) -> None:
    with video_service() as service, pytest.raises(ValueError, match=f"^{argument}: 5 is not"):
        caller(service.address).events(1, **{argument: 5})


class BlockingWatcher:
    """Reads events in a thread."""

    def __init__(self, address: str) -> None:
        self._client = Client(address)
        self._events = self._client.operations.watch_all()

    async def next(self) -> OperationEvent[Any]:
        return await asyncio.to_thread(next, self._events)

    async def close(self) -> None:
        with closing(self._events), self._client:
            pass


class AsyncWatcher:
    """Reads events on the event loop."""

    def __init__(self, address: str) -> None:
        self._client = AsyncClient(address)
        self._events = self._client.operations.watch_all()

    async def next(self) -> OperationEvent[Any]:
        return await anext(self._events)

    async def close(self) -> None:
        async with self._client, aclosing(self._events):
            pass


@pytest.mark.timeout(GUARD_SECONDS)
@pytest.mark.parametrize("watcher", [BlockingWatcher, AsyncWatcher], ids=["blocking", "async"])
async def test_nothing_is_lost_or_repeated_over_a_kill_of_the_server(
    watcher: MakeWatcher, tmp_path: Path
) -> None:
    async with server(tmp_path, simulator_latency_seconds="0") as longtake:
        await longtake.start()
        async with AsyncClient(longtake.address) as client:
            old = await client.models.generate_videos(model=MODEL, prompt="a dog")
            await old.result()
            watching = watcher(longtake.address)
            events = [await watching.next(), await watching.next()]
            assert [type(event) for event in events] == [OperationChanged, InitialSetComplete]

            await longtake.process.kill()
            await longtake.start()
            new = await client.models.generate_videos(model=MODEL, prompt="a cat")
            await new.result()
            await client.operations.delete(old)
            while not isinstance(events[-1], OperationDeleted):
                events.append(await watching.next())
            await watching.close()

    changes = [event for event in events[2:] if isinstance(event, OperationChanged)]
    assert events[-1] == OperationDeleted(old.name, events[-1].position)
    assert {change.operation.name for change in changes} == {new.name}
    revisions = [change.operation.revision for change in changes]
    assert revisions == sorted(set(revisions))
    assert changes[-1].operation.done
    # Besides the changes, only the deletion: neither a second end of the set nor a restart.
    assert len(events) == 2 + len(changes) + 1


async def test_a_position_that_the_server_no_longer_keeps_begins_with_the_whole_set(
    tmp_path: Path,
) -> None:
    async with serving(tmp_path) as longtake, AsyncClient(longtake.address) as client:
        kept = await longtake.accepted()
        async with aclosing(client.operations.watch_all()) as events:
            mark = [await anext(events) for _ in range(2)][-1]
        assert isinstance(mark, InitialSetComplete)
        await client.operations.delete(await longtake.accepted())
        await longtake.parts.store.compact(longtake.parts.clock.now() + timedelta(days=1))

        async with aclosing(client.operations.watch_all(after_position=mark.position)) as events:
            anew = [await anext(events) for _ in range(3)]

    assert [type(event) for event in anew] == [
        InitialSetRestarted,
        OperationChanged,
        InitialSetComplete,
    ]
    assert isinstance(anew[1], OperationChanged)
    assert anew[1].operation.name == kept
