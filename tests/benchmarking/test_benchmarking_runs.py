# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Each benchmark runs, with numbers that say nothing about speed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from benchmarks import (
    admission,
    calls,
    download,
    footprint,
    intake,
    polls,
    start,
    watchers,
)
from benchmarks.__main__ import BENCHMARKS


def test_reads_of_both_servers_are_counted() -> None:
    table = calls.measure(rounds=1, seconds=0.2, callers=2)

    assert [row[0] for row in table.rows] == [
        "longtake-server",
        "bare grpc.aio",
        "bare grpc.aio, SCHED_BATCH",
    ]
    assert len(table.budgets) == 2


def test_each_admission_is_timed() -> None:
    table = admission.measure(rounds=1, seconds=0.2, per_second=50, flushes=2)

    assert [row[1] for row in table.rows] == ["10", "10", "20", "2"]
    assert all(int(row[7]) > 0 for row in table.rows[:2])
    assert len(table.budgets) == 3


def test_an_admission_with_half_a_core_taken_has_budgets_of_its_own() -> None:
    table = admission.measure_on_less(rounds=1, seconds=0.2, per_second=50)

    assert table.title == "GenerateVideos, accepted, half a core taken"
    assert [row[1] for row in table.rows] == ["10", "10", "20", "50"]
    assert all(budget.what.endswith(", half a core taken") for budget in table.budgets)
    assert len(table.budgets) == 3


def test_all_watchers_are_told() -> None:
    table = watchers.measure(watchers=3, rounds=2)

    assert table.title == "3 watchers of one operation"
    assert len(table.budgets) == 2


def test_polls_are_counted_for_few_and_for_many() -> None:
    table = polls.measure(watchers=4, generations=1, generation_seconds=0.1)

    assert [row[0] for row in table.rows] == ["1", "4"]
    assert all(int(row[1]) >= 1 for row in table.rows)


def test_a_video_is_read_to_its_end() -> None:
    table = download.measure(rounds=1, size_bytes=3 << 20)

    assert [row[0] for row in table.rows] == ["longtake-server", "bare grpc.aio"]
    assert len(table.budgets) == 2


def test_inline_results_are_stored_one_by_one_and_together() -> None:
    table = intake.measure(videos=2, mebibytes=3, together=2)

    assert [row[0] for row in table.rows] == ["1 of 1 x 1 MiB", "1 of 2 x 3 MiB", "2 of 2 x 3 MiB"]
    assert len(table.budgets) == 2


def test_the_start_is_timed_without_and_with_operations() -> None:
    table = start.measure(starts=1, stored=20)

    assert [row[0] for row in table.rows] == ["0", "20"]
    assert len(table.budgets) == 3


def test_the_bytes_of_stored_operations_are_counted() -> None:
    table = footprint.measure(stored=20, idle_seconds=0.1)

    figures = [float(cell) for row in table.rows[:4] for cell in row[1:] if cell != "-"]
    assert len(table.rows) == 6
    assert min(figures) > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["speed"], f"NAME: speed; must be one of {', '.join(BENCHMARKS)}"),
        (["--runs", "0"], "--runs: 0; must be 1 or more"),
        (["calls", "--write"], "--write: writes all benchmarks, or cluster alone; omit NAME"),
    ],
)
def test_wrong_arguments_are_named(arguments: list[str], said: str) -> None:
    command = [sys.executable, "-m", "benchmarks", *arguments]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ended.returncode, ended.stderr.splitlines()[-1].partition("error: ")[2]) == (2, said)
