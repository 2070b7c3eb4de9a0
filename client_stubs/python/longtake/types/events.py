# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a watch of all operations yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from typing_extensions import TypeVar

from longtake._documents import Documented
from longtake.types.operation import GenerateVideosOperation

OperationT = TypeVar("OperationT", default=GenerateVideosOperation)
OperationT_co = TypeVar("OperationT_co", default=GenerateVideosOperation, covariant=True)


@dataclass(frozen=True, slots=True)
class OperationChanged(Documented, Generic[OperationT_co]):
    """An operation as it is now: part of the initial set, new, or changed.

    Attributes:
        operation: The operation.
        position: An opaque value. Give it as `after_position` to go on after this event.
            None within an initial set, which cannot be resumed.
    """

    operation: OperationT_co
    position: str | None


@dataclass(frozen=True, slots=True)
class OperationDeleted(Documented):
    """An operation was deleted, or its record has expired.

    Attributes:
        name: `operations/{id}`.
        position: As for OperationChanged.
    """

    name: str
    position: str | None


@dataclass(frozen=True, slots=True)
class InitialSetComplete(Documented):
    """Every operation that existed when the watch began has been yielded. Comes once a set.

    Attributes:
        position: As for OperationChanged.
    """

    position: str | None


@dataclass(frozen=True, slots=True)
class InitialSetRestarted(Documented):
    """The initial set begins again: discard the operations that this watch yielded before.

    Attributes:
        position: Always None.
    """

    position: str | None = None


OperationEvent = (
    OperationChanged[OperationT] | OperationDeleted | InitialSetComplete | InitialSetRestarted
)
"""An event of `operations.watch_all`."""
