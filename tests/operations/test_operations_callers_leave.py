# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Calls run to their end if the caller disconnects, and failed ones can be repeated."""

from __future__ import annotations

import asyncio
import gc
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from fakes.engine import engine
from fakes.media import put
from fakes.upstream import ScriptedUpstream
from longtake_server.errors import OperationDeleted, StorageUnavailable
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import State, SubmissionAccepted, SubmissionStarted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from fakes.engine import Engine


class Pause:
    """Replaces a method: its effect is complete, but its result is held back."""

    def __init__(self, method: Callable[..., Awaitable[Any]]) -> None:
        self._method = method
        self.done = asyncio.Event()
        self.over = asyncio.Event()

    async def __call__(self, *arguments: Any) -> Any:
        result = await self._method(*arguments)
        self.done.set()
        await self.over.wait()
        return result


@asynccontextmanager
async def running_with_nothing_to_do(
    parts: Engine, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[None]:
    """Run the runner until it has found no work and waits for a notification."""
    looked = asyncio.Event()
    next_due = parts.store.next_due

    async def look(*arguments: Any) -> Any:
        due = await next_due(*arguments)
        looked.set()
        return due

    monkeypatch.setattr(parts.store, "next_due", look)
    running = asyncio.create_task(parts.runner.run())
    await looked.wait()
    try:
        yield
    finally:
        parts.runner.stop()
        await running


async def leave(call: Awaitable[Any], pause: Pause) -> None:
    """Make a call, and cancel it as soon as its change is stored."""
    task = asyncio.ensure_future(call)
    await pause.done.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    pause.over.set()


async def test_a_generation_is_submitted_though_its_caller_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upstream = ScriptedUpstream(submissions=["up/1"])
    async with engine(tmp_path, upstream) as parts:
        async with running_with_nothing_to_do(parts, monkeypatch):
            pause = Pause(parts.store.create)
            monkeypatch.setattr(parts.store, "create", pause)
            await leave(parts.accept(), pause)
            await upstream.submitting.wait()
        [name] = upstream.submitted
        assert (await parts.store.get(name)).state is State.RUNNING


async def test_a_cancellation_is_carried_out_though_its_caller_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine(tmp_path, ScriptedUpstream(cancels=[True])) as parts:
        name = (await parts.accept()).name
        await parts.ledger.commit(name, SubmissionStarted())
        await parts.ledger.commit(name, SubmissionAccepted("up/1"))
        for work in await parts.store.take("nobody", parts.clock.now(), parts.clock.now(), 1):
            await parts.store.again(work, parts.clock.now().replace(year=2100))
        async with running_with_nothing_to_do(parts, monkeypatch):
            pause = Pause(parts.store.update)
            monkeypatch.setattr(parts.store, "update", pause)
            await leave(parts.service.cancel(name, ANYONE), pause)
            assert (await parts.watching.wait(name, None, 3600)).state is State.CANCELLED


async def test_an_error_after_the_caller_left_is_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    begun, over = asyncio.Event(), asyncio.Event()

    async def failing(*_arguments: Any) -> None:
        begun.set()
        await over.wait()
        raise StorageUnavailable("the database cannot be reached")

    async with engine(tmp_path) as parts:
        monkeypatch.setattr(parts.store, "create", failing)
        call = asyncio.ensure_future(parts.accept())
        await begun.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        [left] = parts.ledger._pending
        over.set()
        await asyncio.wait([left])
        del left
        # asyncio reports an error that nobody took once the task is gone.
        gc.collect()
    assert caplog.messages == []


def videos(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*.mp4")]


async def test_a_deletion_that_failed_can_be_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def failing(_operation: str) -> None:
        raise StorageUnavailable("the object store does not answer in time")

    async with engine(tmp_path) as parts:
        name = (await parts.accept()).name
        await put(parts.media, name, 0, b"video")
        with monkeypatch.context() as fault:
            fault.setattr(parts.media, "delete", failing)
            with pytest.raises(StorageUnavailable):
                await parts.service.delete(name, ANYONE)
        assert videos(tmp_path) == ["0.mp4"]
        await parts.service.delete(name, ANYONE)
        with pytest.raises(OperationDeleted):
            await parts.service.get(name, ANYONE)
        assert videos(tmp_path) == []
