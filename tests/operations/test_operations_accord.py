# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Replicas agree on where they submit, and on whether they submit at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from fakes.engine import engine
from longtake_server.errors import StorageUnavailable
from longtake_server.operations.engine.accord import Accord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from fakes.engine import Engine
    from fakes.shared import SharedStore

OURS = {"LONGTAKE_UPSTREAM": "agent_platform", "LONGTAKE_GOOGLE_PROJECT": "ours"}
THEIRS = {**OURS, "LONGTAKE_GOOGLE_PROJECT": "theirs"}


def replica(
    tmp_path: Path, store: SharedStore, name: str, settings: Mapping[str, str]
) -> AbstractAsyncContextManager[Engine]:
    clock = store._clock
    assert isinstance(clock, FakeClock)
    return engine(tmp_path, clock=clock, shared=store, replica=name, settings=settings)


def _is_engine(parts: Engine) -> bool:
    return parts.election.engine is not None


async def test_a_replica_with_other_upstream_settings_does_not_become_the_engine(
    tmp_path: Path, store: SharedStore, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        replica(tmp_path, store, "one", OURS),
        replica(tmp_path, store, "two", THEIRS) as two,
    ):
        await store.resign("one")
        for _ in range(3):
            await two.election.start()
        assert not _is_engine(two)
        assert await store.leader() is None
        assert set(two.agreements) == {False}
        (told,) = [record for record in caplog.records if hasattr(record, "difference")]
        assert told.difference == "LONGTAKE_GOOGLE_PROJECT is theirs here and ours in the store"
        assert store.agreed is not None
        store.agreed = store.agreed._replace(upstreams=THEIRS)
        await two.election.start()
        assert _is_engine(two)
        assert two.agreements[-1]


async def test_a_setting_that_one_version_does_not_know_is_no_difference(
    tmp_path: Path, store: SharedStore
) -> None:
    newer = {**OURS, "LONGTAKE_NEW": "yes"}
    async with replica(tmp_path, store, "one", OURS), replica(tmp_path, store, "two", newer) as two:
        await store.resign("one")
        await two.election.start()
        assert _is_engine(two)


async def test_a_hold_outlives_the_replica_that_saw_the_reason(
    tmp_path: Path, store: SharedStore
) -> None:
    async with replica(tmp_path, store, "one", OURS) as one:
        one.election.hold()
        assert one.election.is_holding
        await store.resign("one")
        await one.election.start()
        await store.resign("one")
    async with replica(tmp_path, store, "two", OURS) as two:
        assert two.election.is_holding
        record = await two.accept()
        assert await two.driver.step(record.name) is not None
        assert (await store.get(record.name)).revision == 1
        assert store.agreed is not None
        store.agreed = store.agreed._replace(is_held=False)
        await two.election._accord.look()
        assert not two.election.is_holding


async def test_a_hold_that_cannot_be_stored_yet_is_stored_later(store: SharedStore) -> None:
    class Failing:
        attempts = 0

        async def agreement(self, upstreams: Mapping[str, str]) -> object:
            return await store.agreement(upstreams)

        async def hold_submissions(self) -> None:
            self.attempts += 1
            if self.attempts == 1:
                raise StorageUnavailable("it is away")
            await store.hold_submissions()

    accord = Accord(Failing(), OURS, lambda _: None)  # type: ignore[arg-type]  # a fault to inject
    await store.agreement(OURS)
    accord.hold()
    with pytest.raises(StorageUnavailable):
        await accord.look()
    assert accord.is_held
    assert await accord.look()
    assert accord.is_held
    assert await store.agreement(OURS) == (OURS, True)
