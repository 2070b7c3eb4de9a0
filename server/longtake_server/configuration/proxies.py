# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The rule about the standard proxy variables, which calls to Google obey."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from longtake_server.configuration.addresses import PROXY_ADDRESS, proxy_address
from longtake_server.configuration.loading import Rule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


class Upstreams(Protocol):
    """The settings that this rule reads."""

    @property
    def upstream(self) -> str:
        """What generates videos."""


def proxy_rule(environment: Mapping[str, str]) -> Rule[Any]:
    """Return the rule, for settings that are `Upstreams`.

    Args:
        environment: The variables.

    """

    def broken(settings: Upstreams, _name: Callable[[str], str]) -> str | None:
        for variable in (spelling for one in _PROXIES for spelling in (one, one.lower())):
            value = environment.get(variable, "")
            try:
                if value and settings.upstream != "simulator":
                    proxy_address(value)
            except ValueError:
                return f"{variable}: accepted is {PROXY_ADDRESS}"
        return None

    return Rule(("upstream",), broken)
