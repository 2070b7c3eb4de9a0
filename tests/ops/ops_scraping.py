# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads Prometheus text, and finds the metrics that queries name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import promql_parser
import yaml
from prometheus_client.parser import text_string_to_metric_families

DEPLOY = Path(__file__).parents[2] / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yaml"
DASHBOARD = DEPLOY / "grafana" / "dashboard.json"

_GRAFANA = {"$__rate_interval": "5m", "$__range": "6h"}


class Scrape:
    """The samples of a scrape."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self.samples = [sample for family in self.families for sample in family.samples]

    @property
    def names(self) -> set[str]:
        return {sample.name for sample in self.samples}

    def values(self, name: str, **labels: str) -> list[float]:
        """Return the values of the samples of this name whose labels include these."""
        return [
            sample.value
            for sample in self.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def labels(self, name: str) -> list[dict[str, str]]:
        """Return the labels of the samples of this name. An empty label is as good as none."""
        return [
            {label: value for label, value in sample.labels.items() if value}
            for sample in self.samples
            if sample.name == name
        ]


def rules() -> list[dict[str, Any]]:
    """Return the alerting rules."""
    [group] = yaml.safe_load(ALERTS.read_text())["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def metrics_in(query: str) -> set[str]:
    """Return the metrics that a query names; fails if Prometheus would not parse it."""
    for variable, value in _GRAFANA.items():
        query = query.replace(variable, value)
    # Printing the parsed query puts each selector in its canonical form.
    parsed = promql_parser.parse(query).prettify()
    words = re.findall(r"\b(?:longtake|rpc|process)_[a-z0-9_]+(?=[\s{\[)]|$)", parsed)
    assert words, f"no metric in {query}"
    labels = {"rpc_method", "rpc_response_status_code", "rpc_system_name"}
    return set(words) - labels
