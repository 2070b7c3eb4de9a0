# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reports what is in progress at the engine. A replica that is not the engine reports nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from longtake_server.telemetry import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longtake_server.operations.engine.engine import Engine
    from longtake_server.telemetry import Telemetry

_T = TypeVar("_T")


def report(telemetry: Telemetry, present: Callable[[], Engine | None]) -> None:
    """Report figures of the engine whenever metrics are collected.

    Args:
        telemetry: Collects them. A gauge can be registered once, so this outlives an engine.
        present: Returns the engine, None if this replica is not it. Called in any thread.

    """

    def of(read: Callable[[Engine], _T], otherwise: _T) -> Callable[[], _T]:
        def value() -> _T:
            engine = present()
            return otherwise if engine is None else read(engine)

        return value

    none: Mapping[str, int] = {}
    telemetry.report(metrics.ENGINE, of(lambda _: 1, 0))
    telemetry.report_each(
        metrics.OPERATIONS_IN_PROGRESS, of(lambda engine: engine.figures.states(), none)
    )
    telemetry.report(metrics.QUEUE_AGE, of(lambda engine: engine.figures.queue_age(), 0.0))
    telemetry.report(metrics.OPERATIONS_OVERDUE, of(lambda engine: engine.figures.overdue(), 0))
    telemetry.report_reserved(of(lambda engine: engine.figures.reserved_micros(), none))
    telemetry.report_each(
        metrics.UPSTREAM_ANSWERING, of(lambda engine: engine.breakers.answering(), {})
    )
