# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Budgets, tables and the document that is made of them."""

from __future__ import annotations

import json

from benchmarks.document import document, with_part_alone
from benchmarks.load import milliseconds
from benchmarks.report import Table, as_json, as_markdown, as_text, at_least, at_most


def _table(*shares: float) -> Table:
    return Table(
        title="Reads",
        note="As they come.",
        columns=("program", "calls/s"),
        rows=(("longtake-server", "900"), ("bare", "1000")),
        budgets=tuple(at_least("reads", 0.8, share, "of bare") for share in shares),
    )


def test_a_limit_itself_is_within_the_budget() -> None:
    assert at_least("reads", 0.8, 0.8, "of bare").holds
    assert at_most("delay", 3, 3.0, "ms").holds
    assert not at_least("reads", 0.8, 0.79, "of bare").holds
    assert not at_most("delay", 3, 3.01, "ms").holds


def test_a_budget_says_what_was_reached_and_what_must_be() -> None:
    budget = at_most("delay", 3, 2.5, "ms above bare")

    assert (budget.measured, budget.limit) == ("2.50 ms above bare", "at most 3 ms above bare")


def test_a_table_for_a_terminal_has_its_columns_in_line() -> None:
    assert as_text(_table(0.9)) == (
        "Reads\n"
        "As they come.\n"
        "  program          calls/s\n"
        "  longtake-server      900\n"
        "  bare                1000\n"
        "  holds: reads: 0.90 of bare (at least 0.8 of bare)\n"
    )
    assert "DOES NOT HOLD: reads: 0.70 of bare" in as_text(_table(0.7))


def test_a_table_as_markdown_says_which_budgets_hold() -> None:
    lines = as_markdown(_table(0.9, 0.7)).splitlines()

    assert lines[:2] == ["## Reads", ""]
    assert "| longtake-server | 900 |" in lines
    assert "| reads | at least 0.8 of bare | 0.90 of bare | yes |" in lines
    assert "| reads | at least 0.8 of bare | 0.70 of bare | **no** |" in lines


def test_a_program_reads_the_same() -> None:
    [read] = json.loads(as_json([_table(0.9)]))

    assert read["rows"][1] == ["bare", "1000"]
    assert read["budgets"][0]["holds"] is True


def test_the_document_has_the_worst_and_the_median_of_the_runs() -> None:
    runs = [[_table(0.9)], [_table(0.75)], [_table(0.85)]]

    text = document("", runs, "a machine")

    assert "on a machine." in text
    assert "| reads | at least 0.8 of bare | 0.75 of bare | 0.85 of bare | **2 of 3** |" in text
    assert "## Reads" in text


def test_the_document_says_plainly_what_held_each_time() -> None:
    assert "| 0.90 of bare | 0.90 of bare | 1 of 1 |" in document("", [[_table(0.9)]], "a machine")


def test_a_share_of_calls_stays_under_a_latency() -> None:
    latencies = [number / 1000 for number in range(100, 0, -1)]

    assert milliseconds(latencies, 0.5) == 51
    assert milliseconds(latencies, 0.99) == 100
    assert milliseconds([0.002], 0.99) == 2


def test_each_part_of_the_document_is_written_without_the_other() -> None:
    first = document("", [[_table(0.9)]], "a machine")
    both = with_part_alone(first, [[_table(0.8)]], "another")

    assert both.startswith(first)
    assert "NAME=cluster RUNS=1 WRITE=--write`, on another." in both
    assert with_part_alone(both, [[_table(0.8)]], "another") == both
    assert document(both, [[_table(0.9)]], "a machine") == both
