# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake models`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake._documents import document_of
from longtake.cli.output import json_text, say
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations
from longtake.cli.tables import Column, say_table

if TYPE_CHECKING:
    from longtake.types import Model

_COLUMNS = (
    Column("MODEL"),
    Column("STAGE"),
    Column("SECONDS", least=7, rank=1),
    Column("RESOLUTIONS", least=11, rank=2),
    Column("ASPECT RATIOS", least=13, rank=3),
    Column("VIDEOS", rank=4),
    Column("RETIRES"),
)


def models(
    session: Session,
) -> None:
    """List the models and what they can do. With --json, the list has prices too."""
    with session.client() as client:
        known = list(client.models.list())
    if session.as_json:
        say(json_text(document_of(known)))
    else:
        say_table(_COLUMNS, map(_row, known))


def _row(model: Model) -> tuple[str, ...]:
    return (
        model.model_id,
        model.stage,
        ",".join(map(str, model.durations_seconds)),
        ",".join(model.resolutions),
        ",".join(model.aspect_ratios),
        str(model.max_videos),
        str(model.retirement_date or "-"),
    )
