# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Tables fit a terminal and lose nothing anywhere else."""

from __future__ import annotations

import os
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from longtake.cli.tables import Column, fitted, money_text
from longtake.v1 import video_service_pb2 as api
from stubs.stubs_messages import operation
from stubs.stubs_programs import process

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS = (
    Column("NAME"),
    Column("MODEL", least=4, rank=2),
    Column("COST", rank=1),
    Column("PROMPT", least=6),
)
NATURAL = (10, 8, 5, 40)


@pytest.mark.parametrize(
    ("room", "widths"),
    [
        (None, {0: 10, 1: 8, 2: 5, 3: 40}),
        (100, {0: 10, 1: 8, 2: 5, 3: 40}),
        (60, {0: 10, 1: 8, 2: 5, 3: 31}),
        (33, {0: 10, 1: 6, 2: 5, 3: 6}),
        (31, {0: 10, 1: 4, 2: 5, 3: 6}),
        (30, {0: 10, 2: 5, 3: 11}),
        (20, {0: 10, 3: 8}),
        (5, {0: 10, 3: 6}),
    ],
)
def test_columns_are_cut_and_left_out_by_their_rank(
    room: int | None, widths: dict[int, int]
) -> None:
    assert fitted(COLUMNS, NATURAL, room) == widths


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_a_list_fits_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    started = operation("RUNNING", 3, 40)
    started.name = "operations/01935b2c-7d3e-7f00-8a1b-000000000001"
    started.metadata.labels["team"] = "a-team-with-a-rather-long-name"
    started.metadata.prompt_excerpt = "犬が走る " * 16
    monkeypatch.setenv("COLUMNS", str(columns))
    terminal, of_process = os.openpty()
    page = api.ListOperationsResponse(operations=[started])
    with (
        video_service(Call("ListOperations", page)) as service,
        process(service.address, "list", folder=tmp_path, stdout=of_process) as running,
        os.fdopen(terminal, "rb", buffering=0) as screen,
    ):
        os.close(of_process)
        assert running.wait() == 0
        head, row = screen.read(10_000).decode().splitlines()

    assert head.startswith("NAME")
    assert row.startswith(started.name)
    assert "犬が" in row
    assert row.endswith("…")
    wide = sum(character in "犬が走る" for character in row)
    assert len(row) + wide <= columns


@pytest.mark.parametrize(
    ("amount", "text"),
    [("0.8", "0.80 USD"), ("12", "12.00 USD"), ("0.1375", "0.1375 USD"), ("1E+2", "100.00 USD")],
)
def test_money_has_cents_and_no_more_than_it_needs(amount: str, text: str) -> None:
    assert money_text({"currency_code": "USD", "amount": Decimal(amount)}) == text
