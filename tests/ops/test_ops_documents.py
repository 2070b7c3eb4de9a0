# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rules and the dashboard are well-formed and name metrics that the server has."""

from __future__ import annotations

import json
import shutil
import subprocess

import promql_parser
import pytest
from longtake_server.telemetry import metrics
from longtake_server.telemetry.exporting import exporting
from ops.ops_scraping import ALERTS, DASHBOARD, Scrape, metrics_in, rules

ALERTED = {
    "longtake_queue_age_seconds",
    "longtake_operations_overdue",
    "rpc_server_call_duration_seconds_count",
    "longtake_operations_outcome_unknown_total",
    "longtake_budget_thresholds_total",
    "longtake_webhook_dead_letters",
    "longtake_certificate_expiry_seconds",
    "longtake_store_faults_total",
    "longtake_upstream_answering",
    "longtake_keys_available",
    "longtake_engine",
    "longtake_engine_holding",
}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])
def test_a_rule_parses_and_says_what_to_do(rule: dict[str, object]) -> None:
    promql_parser.parse(str(rule["expr"]))
    assert rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}
    assert rule["labels"] in ({"severity": "warning"}, {"severity": "critical"})
    annotations = rule["annotations"]
    assert isinstance(annotations, dict)
    assert annotations.keys() == {"summary", "description"}
    if "for" in rule:
        promql_parser.parse(f"up[{rule['for']}]")


def test_the_rules_watch_what_an_operator_has_to_know() -> None:
    assert set().union(*(metrics_in(rule["expr"]) for rule in rules())) == ALERTED
    assert len({rule["alert"] for rule in rules()}) == len(rules())


def test_a_broken_expression_is_found() -> None:
    with pytest.raises(ValueError, match="unexpected character"):
        promql_parser.parse("rate(longtake_watches[5m)")


def test_promtool_accepts_the_rules() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed; the other tests parse the rules")
    checked = subprocess.run(
        [promtool, "check", "rules", str(ALERTS)], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr


def test_every_query_of_the_dashboard_parses() -> None:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    queries = [target["expr"] for panel in panels for target in panel.get("targets", ())]
    assert len(queries) > 30
    assert all(metrics_in(query) for query in queries)
    ids = [panel["id"] for panel in panels]
    assert len(set(ids)) == len(ids)


def test_metrics_of_keys_certificates_and_budgets_are_exported_once_they_are_reported() -> None:
    with exporting(None, prometheus=True) as exported:
        telemetry, scrape = exported.telemetry, exported.scrape
        assert scrape is not None
        telemetry.report(metrics.KEYS_AVAILABLE, lambda: True)
        telemetry.report(metrics.CERTIFICATE_EXPIRY, lambda: 1.5e9)
        telemetry.budget_threshold("cost", 80)
        found = Scrape(scrape().decode())
    assert found.values("longtake_keys_available") == [1]
    assert found.values("longtake_certificate_expiry_seconds") == [1.5e9]
    assert found.values("longtake_budget_thresholds_total", measure="cost", threshold="80") == [1]


def test_every_metric_has_a_unit_and_a_description() -> None:
    assert all(one.unit and one.description.endswith(".") for one in metrics.METRICS)
    assert all(bool(one.buckets) == (one.kind is metrics.Kind.HISTOGRAM) for one in metrics.METRICS)
    names = [one.name for one in metrics.METRICS]
    assert len(set(names)) == len(names)
