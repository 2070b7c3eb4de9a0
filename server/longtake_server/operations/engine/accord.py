# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Compares this replica with what all replicas of its store agree on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from longtake_server.operations.agreement_store import AgreementStore

_log = logging.getLogger(__name__)


class Accord:
    """Whether this replica may be the engine, and whether engines may submit.

    Args:
        store: Keeps the agreement.
        upstreams: The settings of this replica that say where it submits, by name.
        on_agreement: Called with whether they agree with those that are stored, after each look.
            Must not block.

    Attributes:
        is_held: Whether no engine may submit, as far as this replica knows.

    """

    def __init__(
        self,
        store: AgreementStore,
        upstreams: Mapping[str, str],
        on_agreement: Callable[[bool], None],
    ) -> None:
        self._store = store
        self._upstreams = upstreams
        self._on_agreement = on_agreement
        self._difference = ""
        self._has_told_all = True
        self.is_held = False

    def hold(self) -> None:
        """Hold the submissions of all replicas. The next look stores it."""
        self.is_held = True
        self._has_told_all = False

    async def look(self) -> bool:
        """Read what was agreed, and return whether the settings of this replica agree with it.

        A difference is logged once.

        Raises:
            StorageUnavailable: The store cannot be read or written.

        """
        if not self._has_told_all:
            await self._store.hold_submissions()
            self._has_told_all = True
        agreed = await self._store.agreement(self._upstreams)
        if self._has_told_all:
            self.is_held = agreed.is_held
        difference = _difference(self._upstreams, agreed.upstreams)
        if difference and difference != self._difference:
            _log.error(
                "this replica does not become the engine: its settings differ from those that the "
                "store is used with; correct them, or run `longtake-server change-upstreams`",
                extra={"difference": difference},
            )
        self._difference = difference
        self._on_agreement(not difference)
        return not difference


def _difference(own: Mapping[str, str], agreed: Mapping[str, str]) -> str:
    """Return which settings differ, in words. A version that does not know one says nothing."""
    return "; ".join(
        f"{name} is {own[name] or '(not set)'} here and {agreed[name] or '(not set)'} in the store"
        for name in own.keys() & agreed.keys()
        if own[name] != agreed[name]
    )
