# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The part of the port to storage that keeps what all replicas agree on. See operations.store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping


class Agreement(NamedTuple):
    """What holds for all replicas.

    Attributes:
        upstreams: The settings that say where an engine submits, by name, without secrets.
        is_held: Whether no engine may submit until an operator says so.
    """

    upstreams: Mapping[str, str]
    is_held: bool


class AgreementStore(Protocol):
    """Stores the agreement. Every method may raise StorageUnavailable.

    A store that is not shared agrees to everything and is never held.
    """

    async def agreement(self, upstreams: Mapping[str, str]) -> Agreement:
        """Return the agreement. If none is stored yet, store it with these upstreams."""

    async def hold_submissions(self) -> None:
        """Let no engine submit, also after restarts, until an operator says so."""
