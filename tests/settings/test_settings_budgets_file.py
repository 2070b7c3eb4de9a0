# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The budgets file: what it sets, what it must not have, and how a server follows it."""

from __future__ import annotations

import logging
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from fakes.clock import FakeClock
from longtake_server.budgets_file import BudgetsFile, read_budgets
from longtake_server.errors import StartFailure
from longtake_server.operations.budgets.document import parse
from longtake_server.operations.budgets.limits import Limits, Override, Source, Values
from longtake_server.storage.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

FILE = Path("budgets.toml")
GOOD = """
["principal/ann"]
time_zone = "Asia/Tokyo"
cost_per_day = 50
cost_per_month = 1000.000001
seconds_per_week = 12.5
requests_per_minute = 60
max_queued = 100
max_concurrent = 4

[["principal/ann".overrides]]
until = 2026-12-24
cost_per_day = 200.5

["role/generator"]
max_queued = 10

["label/run=*"]
cost_per_day = 0
"""


def test_a_file_sets_all_limits_in_dollars_seconds_and_counts() -> None:
    assert parse(GOOD, FILE) == {
        "principal/ann": Limits(
            "Asia/Tokyo",
            Values(
                cost_per_day=50_000_000,
                cost_per_month=1_000_000_001,
                seconds_per_week=12_500,
                requests_per_minute=60,
                max_queued=100,
                max_concurrent=4,
            ),
            (Override(date(2026, 12, 24), Values(cost_per_day=200_500_000)),),
        ),
        "role/generator": Limits(values=Values(max_queued=10)),
        "label/run=*": Limits(values=Values(cost_per_day=0)),
    }


def test_every_fault_is_told_at_once_with_its_line() -> None:
    wrong = """
["principal/ann"]
time_zone = "Asia/Tokio"
cost_per_day = -1
max_concurent = 4
requests_per_minute = 0
max_queued = true
seconds_per_day = nan

[["principal/ann".overrides]]
cost_per_day = 1.2345678

[["principal/ann".overrides]]
until = "tomorrow"

["role/king"]
["label/run=*"]
max_queued = 1
"""
    with pytest.raises(StartFailure) as refused:
        parse(wrong, FILE)
    assert [line.partition("; accepted are ")[0] for line in str(refused.value).splitlines()] == [
        (
            "budgets.toml, line 3: principal/ann: time_zone: accepted is an IANA time zone, for "
            "example Asia/Tokyo"
        ),
        (
            "budgets.toml, line 4: principal/ann: cost_per_day: accepted are US dollars from 0 to "
            "1000000000, with at most 6 decimals"
        ),
        (
            "budgets.toml, line 5: principal/ann: max_concurent: it is not known; did you mean "
            "max_concurrent?"
        ),
        (
            "budgets.toml, line 6: principal/ann: requests_per_minute: accepted is a whole number "
            "from 1 to 1000000"
        ),
        (
            "budgets.toml, line 7: principal/ann: max_queued: accepted is a whole number from 1 to "
            "1000000"
        ),
        (
            "budgets.toml, line 8: principal/ann: seconds_per_day: accepted are a number of "
            "seconds from 0 to 1000000000, with at most 3 decimals"
        ),
        (
            "budgets.toml, line 10: principal/ann: overrides[0].until: it is missing; accepted is "
            "a date, as in 2026-12-24"
        ),
        (
            "budgets.toml, line 11: principal/ann: overrides[0].cost_per_day: accepted are US "
            "dollars from 0 to 1000000000, with at most 6 decimals"
        ),
        (
            "budgets.toml, line 14: principal/ann: overrides[1].until: accepted is a date, as in "
            "2026-12-24"
        ),
        (
            "budgets.toml, line 16: role/king: accepted is principal/{id}, label/{key}={value}, "
            "label/{key}=*, role/generator, role/reader, role/admin"
        ),
        "budgets.toml, line 18: label/run=*: max_queued: it is not known",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[", "this is not TOML"),
        ("cost_per_day = 5", "line 1: cost_per_day: accepted is principal/{id}"),
        ('"principal/ann" = 5', "line 1: principal/ann: accepted is a table"),
        ('["principal/ann"]\noverrides = 5', "line 2: principal/ann: overrides: accepted are"),
        ('["principal/ann"]\nuntil = 2026-12-24', "line 2: principal/ann: until: it is not known"),
        ('["label/run"]', "line 1: label/run: accepted is"),
        ('["principal/ann"]\n["principal/ann"]', "this is not TOML"),
    ],
)
def test_a_wrong_document_is_refused(text: str, said: str) -> None:
    with pytest.raises(StartFailure) as refused:
        parse(text, FILE)
    assert said in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartFailure, match="cannot be read: No such file"):
        read_budgets(tmp_path / "none.toml")
    (tmp_path / "bytes.toml").write_bytes(b"\xff")
    with pytest.raises(StartFailure, match="not UTF-8"):
        read_budgets(tmp_path / "bytes.toml")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "longtake.db", FakeClock())
    yield opened
    await opened.close()


async def test_a_change_is_followed_once_the_file_stays_as_it_is(
    tmp_path: Path, store: SqliteStore
) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(GOOD)
    following = BudgetsFile(file, store, FakeClock())
    await following.load()
    assert len(await store.limits()) == 3
    file.write_text('["principal/bob"]\nmax_queued = 1\n')
    await following.step()
    assert len(await store.limits()) == 3
    await following.step()
    assert list(await store.limits()) == [("principal/bob", Source.FILE)]


async def test_a_wrong_change_is_logged_once_and_the_old_limits_stay(
    tmp_path: Path, store: SqliteStore, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "budgets.toml"
    file.write_text(GOOD)
    following = BudgetsFile(file, store, FakeClock())
    await following.load()
    before = await store.limits()
    caplog.set_level(logging.ERROR)
    # The start of the file was logged, if an earlier test has left the level lower.
    caplog.clear()
    file.write_text(f"{GOOD}\n[role]\n")
    for _ in range(5):
        await following.step()
    file.unlink()
    for _ in range(5):
        await following.step()
    assert await store.limits() == before
    causes = [vars(one)["cause"] for one in caplog.records]
    assert len(causes) == 2
    assert "line 21: role: accepted is" in causes[0]
    assert "cannot be read" in causes[1]
    file.write_text(GOOD)
    for _ in range(3):
        await following.step()
    assert await store.limits() == before


async def test_without_a_file_no_limits_of_a_file_stay_but_those_of_commands_do(
    store: SqliteStore,
) -> None:
    limits = Limits(values=Values(max_queued=1))
    for source in Source:
        await store.set_limits("principal/ann", source, limits)
    await BudgetsFile(None, store, FakeClock()).load()
    assert await store.limits() == {("principal/ann", Source.COMMAND): limits}
