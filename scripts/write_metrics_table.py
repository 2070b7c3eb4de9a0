# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes the table of metrics in docs/operations.md from telemetry/metrics.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from longtake_server.telemetry.metrics import METRICS

if TYPE_CHECKING:
    from longtake_server.telemetry.metrics import Metric

GUIDE = Path(__file__).parents[1] / "docs" / "operations.md"
BEGIN = "<!-- metrics: written by `make fix` -->\n"
END = "<!-- end of metrics -->\n"


def with_metrics_table(guide: str) -> str:
    """Return the guide with a table of the current metrics.

    Raises:
        ValueError: The guide lacks one of the two markers around the table.

    """
    before, _, rest = guide.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"the guide needs the markers {BEGIN!r} and {END!r} around the table")
    rows = "".join(map(_row, METRICS))
    head = "| metric | kind | unit | attributes | meaning |\n| --- | --- | --- | --- | --- |\n"
    return before + BEGIN + f"\n{head}{rows}\n" + END + after


def _row(metric: Metric) -> str:
    attributes = ", ".join(f"`{name}`" for name in metric.attributes)
    cells = (f"`{metric.name}`", metric.kind.value, f"`{metric.unit}`", attributes)
    return f"| {' | '.join(cells)} | {metric.description} |\n"


if __name__ == "__main__":
    GUIDE.write_text(with_metrics_table(GUIDE.read_text()))
