# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What writers that commit in groups share: writes that wait, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from longtake_server.frozen import frozen_by_types

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

Change = TypeVar("Change")


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Write(Generic[Change]):
    """A change to make in a transaction, and the future for its result."""

    change: Change
    answer: asyncio.Future[Any]


@frozen_by_types
@dataclass(frozen=True, slots=True)
class Outcome(Generic[Change]):
    """What became of a write: its result, or its error."""

    write: Write[Change]
    result: object = None
    error: Exception | None = None


def answer_all(outcomes: Iterable[Outcome[Any]], places: asyncio.Semaphore) -> None:
    """Answer every write whose caller still waits, and give its place back."""
    for outcome in outcomes:
        places.release()
        answer = outcome.write.answer
        if answer.done():
            continue
        if outcome.error is not None:
            answer.set_exception(outcome.error)
        else:
            answer.set_result(outcome.result)
