# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The part of the port to storage that replicas need of each other. See operations.store."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Leadership(NamedTuple):
    """The term of the replica that is the engine.

    Attributes:
        epoch: The number of the term. Each new holder has a greater one.
        is_new: Whether the term begins with this answer.
    """

    epoch: int
    is_new: bool


class ReplicaStore(Protocol):
    """Elects the engine, and carries texts between replicas that nobody stores.

    Every method but `on_told` may raise StorageUnavailable.
    """

    async def lead(self, replica: str, seconds: float) -> Leadership | None:
        """Become the engine, or stay it, for a number of seconds from now.

        The store's own clock counts the seconds.

        Args:
            replica: The name of this replica, which no other has.
            seconds: How long no other replica can become the engine.

        Returns:
            The term, or None if another replica is the engine.

        """

    async def resign(self, replica: str) -> None:
        """End the term of a replica. Does nothing if it is not the engine."""

    async def leader(self) -> str | None:
        """Return the replica that became the engine last, or None if it resigned."""

    async def release_leases(self, epoch: int) -> None:
        """Release all leases, whose owners were of earlier epochs.

        Raises:
            EngineReplaced: This epoch is over.

        """

    async def tell(self, text: str) -> None:
        """Send a text of at most 7,999 bytes to all processes, this one too. It may be lost.

        It does nothing if the store is not shared.
        """

    def on_told(self, hear: Callable[[str], None]) -> None:
        """Call `hear` with each text that is sent from now on. It must not block or raise."""
