# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Limits the submissions of a model per minute."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from veo_simulator.errors import GoogleError, retry_info

if TYPE_CHECKING:
    from collections.abc import Callable

_MINUTE = 60.0


class Quota:
    """A limit for each model in each location, over the last sixty seconds.

    Args:
        per_minute: The largest number of submissions per minute, or None for any number.
        monotonic: Returns seconds since an arbitrary start.
    """

    def __init__(self, per_minute: int | None, monotonic: Callable[[], float]) -> None:
        self._per_minute = per_minute
        self._monotonic = monotonic
        self._taken: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def take(self, model: str, location: str) -> None:
        """Count a submission.

        Raises:
            GoogleError: The quota of the last minute is used up.

        """
        if self._per_minute is None:
            return
        now = self._monotonic()
        taken = self._taken[model, location]
        while taken and taken[0] <= now - _MINUTE:
            taken.popleft()
        if len(taken) >= self._per_minute:
            raise exceeded(model, taken[0] + _MINUTE - now)
        taken.append(now)


def exceeded(model: str, retry_seconds: float | None = None) -> GoogleError:
    """Return the error of a quota that is used up."""
    message = (
        "Quota exceeded for aiplatform.googleapis.com/online_prediction_requests_per_base_model "
        f"with base model: {model}."
    )
    details = [] if retry_seconds is None else [retry_info(round(retry_seconds, 3))]
    return GoogleError("RESOURCE_EXHAUSTED", message, *details)
