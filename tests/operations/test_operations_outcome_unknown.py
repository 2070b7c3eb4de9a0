# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The cost of a generation that may have started stays settled, however its operation ends."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import TYPE_CHECKING

from fakes.engine import engine
from fakes.upstream import ScriptedUpstream
from google.protobuf.duration_pb2 import Duration
from longtake_server.identity.principal import ANYONE
from longtake_server.operations.model import Code, Failure, State
from longtake_server.operations.upstream import OutcomeUnknown, Rejected

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine

UNKNOWN = OutcomeUnknown("the connection broke off")
REFUSED = Rejected(Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", "no such thing"))
LOST = Rejected(Failure(Code.NOT_FOUND, "UPSTREAM_LOST", "no such operation"))


async def reserved_and_settled(parts: Engine) -> tuple[int, int]:
    sums = await parts.store.usage(date(2026, 1, 1), date(2027, 1, 1))
    return (
        sum(one.reserved_micros for one in sums.values()),
        sum(one.settled_micros for one in sums.values()),
    )


async def postponed(parts: Engine) -> tuple[str, int | None]:
    """Return the name and the cost of an operation queued again after an unknown outcome."""
    record = await parts.accept(resubmit_if_unknown=True, queue_timeout=Duration(seconds=900))
    await parts.driver.step(record.name)
    assert (await parts.ledger.get(record.name)).state is State.QUEUED
    return record.name, record.cost_micros


async def test_cancelled_while_it_waits_to_be_sent_again(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[UNKNOWN])) as parts:
        name, price = await postponed(parts)
        ended = await parts.service.cancel(name, ANYONE)
        assert ended.state is State.CANCELLED
        assert "may be billed" in ended.warnings[0]
        assert await reserved_and_settled(parts) == (0, price)


async def test_cancelled_while_its_outcome_gets_lost(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[UNKNOWN])
    script.let_submit.clear()
    async with engine(tmp_path, script) as parts:
        record = await parts.accept(resubmit_if_unknown=True)
        step = asyncio.create_task(parts.driver.step(record.name))
        await script.submitting.wait()
        await parts.service.cancel(record.name, ANYONE)
        script.let_submit.set()
        await step
        ended = await parts.ledger.get(record.name)
        assert ended.state is State.CANCELLED
        assert "may be billed" in ended.warnings[0]
        assert await reserved_and_settled(parts) == (0, record.cost_micros)


async def test_deleted_while_it_waits_to_be_sent_again(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[UNKNOWN])) as parts:
        name, price = await postponed(parts)
        await parts.service.delete(name, ANYONE)
        assert await reserved_and_settled(parts) == (0, price)


async def test_its_queue_timeout_passes(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[UNKNOWN])) as parts:
        name, price = await postponed(parts)
        parts.clock.advance(1000)
        await parts.driver.step(name)
        failure = (await parts.ledger.get(name)).failure
        assert failure is not None
        assert (failure.reason, "may be billed" in failure.message) == ("QUEUE_TIMEOUT", True)
        assert await reserved_and_settled(parts) == (0, price)


async def test_the_next_submission_is_refused_after_a_restart(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[UNKNOWN])) as parts:
        name, price = await postponed(parts)
        clock = parts.clock
    clock.advance(60)
    async with engine(tmp_path, ScriptedUpstream(submissions=[REFUSED]), clock=clock) as parts:
        await parts.driver.step(name)
        assert (await parts.ledger.get(name)).state is State.FAILED
        assert await reserved_and_settled(parts) == (0, price)


async def test_what_the_upstream_accepted_and_knows_no_more(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=["up/1"], polls=[LOST])) as parts:
        record = await parts.accept()
        await parts.driver.step(record.name)
        await parts.driver.step(record.name)
        assert (await parts.ledger.get(record.name)).state is State.FAILED
        assert await reserved_and_settled(parts) == (0, record.cost_micros)
