# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads metrics as single figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics.export import HistogramDataPoint, NumberDataPoint

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader


def figures(reader: InMemoryMetricReader) -> dict[str, float]:
    """Return the sum of each counter and gauge, and the count of each histogram."""
    data = reader.get_metrics_data()
    assert data is not None
    return {
        metric.name: sum(map(_figure, metric.data.data_points))
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def _figure(point: object) -> float:
    if isinstance(point, HistogramDataPoint):
        return point.count
    return point.value if isinstance(point, NumberDataPoint) else 0.0
