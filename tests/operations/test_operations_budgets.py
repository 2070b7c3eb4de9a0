# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Budgets and limits through the use cases and the engine."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.engine import MODEL, engine, principal
from fakes.upstream import ScriptedUpstream
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import BudgetExceeded
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.budgets.accounting import Amounts
from longtake_server.operations.budgets.limits import Limits, Source, Values
from longtake_server.operations.model import Code, Failure, StoredVideo
from longtake_server.operations.requests.catalogue import Catalogue
from longtake_server.operations.upstream import Finished, NotNow, OutcomeUnknown, Rejected
from operations.operations_admitted import step_until_none_goes

if TYPE_CHECKING:
    from pathlib import Path

    from fakes.engine import Engine
    from longtake_server.operations.model import OperationRecord

DONE = Finished((StoredVideo("key"),))
REFUSED = Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", "no")
BUSY = Failure(Code.RESOURCE_EXHAUSTED, "ATTEMPTS_EXHAUSTED", "quota exceeded")
FAST = "veo-3.1-fast-generate-001"
TODAY = "2026-11-24"


async def limit(parts: Engine, subject: str = "principal/ann", **values: int) -> None:
    await parts.store.set_limits(subject, Source.COMMAND, Limits(values=Values(**values)))


async def spent_today(parts: Engine, subject: str = "principal/ann") -> Amounts:
    sums = await parts.store.spending()
    return next(
        amounts
        for charge, amounts in sums.items()
        if (charge.subject, charge.period_key) == (subject, TODAY)
    )


async def states(parts: Engine, records: list[OperationRecord]) -> str:
    return "".join([(await parts.ledger.get(one.name)).state.name[0] for one in records])


async def queued(parts: Engine, caller: str, number: int) -> list[OperationRecord]:
    """Accept operations, each one second after the one before."""
    records = []
    for _ in range(number):
        parts.clock.advance(1)
        records.append(await parts.accept(caller))
    return records


def names(number: int) -> list[str]:
    return [f"up/{count}" for count in range(number)]


async def test_what_is_reserved_is_settled_at_what_was_delivered(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(1), polls=[DONE])
    async with engine(tmp_path, script) as parts:
        record = await parts.accept("ann", config={"number_of_videos": 4, "duration_seconds": 8})
        assert record.reserved_milliseconds == 32_000
        assert record.reserved_micros == record.cost_micros == 12_800_000
        await step_until_none_goes(parts)
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        ended = await parts.ledger.get(record.name)
        assert ended.cost_micros == 3_200_000
        assert await spent_today(parts) == Amounts(spent_micros=3_200_000, spent_milliseconds=8000)


@pytest.mark.parametrize(
    ("answer", "spent"),
    [
        (Rejected(REFUSED), Amounts()),
        (OutcomeUnknown("cut off"), Amounts(spent_micros=3_200_000, spent_milliseconds=8000)),
    ],
)
async def test_a_failure_is_settled_by_what_is_known_of_it(
    tmp_path: Path, answer: Exception, spent: Amounts
) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=[answer])) as parts:
        await parts.accept("ann")
        await step_until_none_goes(parts)
        assert await spent_today(parts) == spent


async def test_a_cancelled_one_in_the_queue_is_released(tmp_path: Path) -> None:
    async with engine(tmp_path) as parts:
        record = await parts.accept("ann")
        await parts.service.cancel(record.name, principal("ann"))
        assert await spent_today(parts) == Amounts()


def fallbacks(folder: Path) -> Catalogue:
    file = folder / "fallbacks.toml"
    file.write_text(f'[models."{FAST}"]\nfallbacks = ["{MODEL}"]\n')
    return Catalogue.load(file, shipped_quotas=False)


async def accept_fast(parts: Engine, *, allow_model_fallback: bool = False) -> OperationRecord:
    request = GenerateVideosRequest(
        model=FAST, prompt="a dog", allow_model_fallback=allow_model_fallback
    )
    return await parts.service.generate(request, principal("ann"))


async def test_the_dearest_model_that_may_serve_it_is_reserved(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY, retry_after=30.0)])
    async with engine(tmp_path, script, catalogue=fallbacks(tmp_path)) as parts:
        alone = await accept_fast(parts)
        allowed = await accept_fast(parts, allow_model_fallback=True)
        assert alone.reserved_micros == alone.cost_micros == allowed.cost_micros
        assert allowed.reserved_micros == 3_200_000
        await parts.driver.step(allowed.name)
        moved = await parts.ledger.get(allowed.name)
        assert (moved.served_model, moved.reserved_micros) == (MODEL, 3_200_000)


async def test_no_fallback_costs_more_than_was_reserved(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[NotNow(BUSY, retry_after=30.0)])
    async with engine(tmp_path, script, catalogue=fallbacks(tmp_path)) as parts:
        record = await accept_fast(parts, allow_model_fallback=True)
        # As if the price had been raised after the acceptance.
        cheaper = replace(record, revision=2, reserved_micros=3_199_999)
        await parts.store.update(cheaper, 1)
        await parts.ledger.read(record.name)
        await parts.driver.step(record.name)
        assert (await parts.ledger.get(record.name)).served_model == FAST


async def test_an_administrator_has_budgets_too(tmp_path: Path) -> None:
    admin = Principal("root", frozenset({Role.ADMIN}))
    request = GenerateVideosRequest(model=MODEL, prompt="a dog")
    async with engine(tmp_path) as parts:
        await limit(parts, "role/admin", cost_per_day=3_200_000)
        await parts.service.generate(request, admin)
        with pytest.raises(BudgetExceeded):
            await parts.service.generate(request, admin)


async def test_labels_of_the_principal_take_precedence(tmp_path: Path) -> None:
    ann = Principal("ann", frozenset({Role.GENERATOR}), {"team": "film"})
    request = GenerateVideosRequest(
        model=MODEL, prompt="a dog", config={"labels": {"team": "other", "run": "7"}}
    )
    async with engine(tmp_path) as parts:
        await limit(parts, "label/team=*", cost_per_day=10**9)
        record = await parts.service.generate(request, ann)
        assert {charge.subject for charge in record.charges} == {
            "principal/ann",
            "label/team=film",
        }
        assert record.labels == {"team": "other", "run": "7"}


async def test_no_more_of_a_principal_run_than_it_may(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(4))
    async with engine(tmp_path, script) as parts:
        await limit(parts, max_concurrent=2)
        await parts.core.limits_watch.step()
        ann = await queued(parts, "ann", 4)
        bob = await queued(parts, "bob", 2)
        await step_until_none_goes(parts)
        assert await states(parts, ann) == "RRQQ"
        assert await states(parts, bob) == "RR"


async def test_a_raise_of_the_concurrency_lets_those_go_that_wait(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(3))
    async with engine(tmp_path, script) as parts:
        await limit(parts, max_concurrent=1)
        await parts.core.limits_watch.step()
        records = await queued(parts, "ann", 3)
        await step_until_none_goes(parts)
        assert await states(parts, records) == "RQQ"
        await limit(parts, max_concurrent=3)
        await parts.core.limits_watch.step()
        assert parts.admission.changed.is_set()
        await step_until_none_goes(parts)
        assert await states(parts, records) == "RRR"


async def test_one_that_ends_lets_the_next_of_its_principal_go(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=names(2), polls=[DONE])
    async with engine(tmp_path, script) as parts:
        await limit(parts, "role/generator", max_concurrent=1)
        await parts.core.limits_watch.step()
        records = await queued(parts, "ann", 2)
        await step_until_none_goes(parts)
        assert await states(parts, records) == "RQ"
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        assert await states(parts, records) == "SR"


async def test_who_waits_for_his_own_limit_is_not_stepped_again_and_again(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=names(1))) as parts:
        await limit(parts, max_concurrent=1)
        await parts.core.limits_watch.step()
        for _ in range(2):
            await parts.accept("ann")
        await step_until_none_goes(parts)
        parts.admission.changed.clear()
        await parts.dispatcher.step()
        assert not parts.admission.changed.is_set()
        assert parts.admission.seconds_to_next() is None


async def test_concurrency_is_limited_after_a_restart_too(tmp_path: Path) -> None:
    async with engine(tmp_path, ScriptedUpstream(submissions=names(1))) as parts:
        await limit(parts, "role/generator", max_concurrent=1)
        await parts.core.limits_watch.step()
        records = await queued(parts, "ann", 2)
        await step_until_none_goes(parts)
        clock = parts.clock
    async with engine(tmp_path, clock=clock) as parts:
        await step_until_none_goes(parts)
        assert await states(parts, records) == "RQ"


async def test_thresholds_are_logged_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    async with engine(tmp_path) as parts:
        await limit(parts, cost_per_day=6_400_000)
        await parts.accept("ann")
        await parts.core.limits_watch.step()
        await parts.core.limits_watch.step()
    told = [vars(one) for one in caplog.records if "budget" in vars(one)]
    assert [(one["budget"], one["period"], one["percent"]) for one in told] == [
        ("principal/ann", TODAY, 50)
    ]


async def test_what_was_accepted_before_midnight_is_settled_there(tmp_path: Path) -> None:
    script = ScriptedUpstream(submissions=[OutcomeUnknown("cut off")])
    async with engine(tmp_path, script) as parts:
        zone = Limits("Asia/Tokyo", Values(cost_per_day=3_200_000))
        await parts.store.set_limits("principal/ann", Source.FILE, zone)
        parts.clock.advance(timedelta(hours=3, seconds=-1).total_seconds())
        await parts.accept("ann")
        with pytest.raises(BudgetExceeded):
            await parts.accept("ann")
        # It is midnight in Tokyo.
        parts.clock.advance(1)
        await step_until_none_goes(parts)
        assert (await spent_today(parts)).spent_micros == 3_200_000
        allowance = await parts.service.allowance(principal("ann"))
        assert [one.key for one in allowance.budgets] == ["2026-11-25"]
        assert allowance.budgets[0].amounts == Amounts()
