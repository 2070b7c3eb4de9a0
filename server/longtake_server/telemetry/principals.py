# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Bounds the number of principals that metrics distinguish."""

from __future__ import annotations

from longtake_server.telemetry.metrics import PRINCIPAL

_OTHER = "other"


class MetricPrincipals:
    """Turns principals into attributes of metrics: each value is a time series of its own.

    Args:
        most: The most principals that have a value of their own, the first ones to appear. All
            others are `other`. With 0, metrics do not distinguish principals.

    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._named: dict[str, dict[str, str]] = {}

    def attribute(self, principal: str) -> dict[str, str]:
        """Return the attribute of a principal by its id. Do not change the result."""
        if self._most == 0:
            return {}
        if (known := self._named.get(principal)) is not None:
            return known
        if len(self._named) >= self._most:
            return {PRINCIPAL: _OTHER}
        self._named[principal] = {PRINCIPAL: principal}
        return self._named[principal]

    def known(self) -> list[dict[str, str]]:
        """Return the attributes of the principals that have a value of their own."""
        return [{}] if self._most == 0 else list(self._named.values())
