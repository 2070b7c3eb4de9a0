# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules about how callers prove who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from longtake_server.configuration.loading import Rule

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Callers(Protocol):
    """The settings that these rules read."""

    @property
    def trust_caller_header(self) -> str | None:
        """Metadata key in which a proxy names the caller."""

    @property
    def authentication(self) -> tuple[str, ...]:
        """How callers prove who they are."""

    @property
    def identity_file(self) -> Path | None:
        """File of who is admitted."""


def _are_proven_once(settings: Callers, name: Callable[[str], str]) -> str | None:
    if settings.trust_caller_header is None or not settings.authentication:
        return None
    return (
        f"give either {name('authentication')} or {name('trust_caller_header')}, not both: a "
        "caller with a credential could name another one"
    )


def _are_known(settings: Callers, name: Callable[[str], str]) -> str | None:
    needing = [one for one in settings.authentication if one != "keys"]
    if needing and settings.identity_file is None:
        return f"{name('authentication')} has {needing[0]}, which needs {name('identity_file')}"
    if settings.identity_file is None or needing or settings.trust_caller_header:
        return None
    return (
        f"{name('identity_file')} has an effect only if {name('authentication')} has tokens or "
        f"certificates, or with {name('trust_caller_header')}"
    )


CALLER_RULES: tuple[Rule[Any], ...] = (
    Rule(("trust_caller_header", "authentication"), _are_proven_once),
    Rule(("trust_caller_header", "authentication", "identity_file"), _are_known),
)
"""The rules, for settings that are `Callers`."""
