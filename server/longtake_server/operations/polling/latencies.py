# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How long generations of one kind took: a small histogram that forgets. No I/O."""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHORTEST_SECONDS = 0.25
_LONGEST_SECONDS = 3600.0
_GROWTH = 1.015
_BUCKETS = math.ceil(math.log(_LONGEST_SECONDS / _SHORTEST_SECONDS, _GROWTH))

EDGES = (0.0, *(_SHORTEST_SECONDS * _GROWTH**number for number in range(1, _BUCKETS + 1)))
"""Seconds between which the buckets lie; each bucket is wider than the one before by 1.5 %."""

MIDDLES = tuple((start + end) / 2 for start, end in pairwise(EDGES))
"""The middle of each bucket in seconds."""

# What is known of a kind before any of it has ended weighs as much as one generation. It is
# log-normal: the upstream's documents say 11 seconds to 6 minutes. A part is spread over all
# orders of magnitude, so that nothing is taken for impossible.
_PRIOR_WEIGHT = 1.0
_PRIOR_MEDIAN_SECONDS = 60.0
_PRIOR_SPREAD = 1.25
_PRIOR_ANYTHING = 0.1
# About so many of the newest generations count.
_MEMORY = 200.0
# The buckets are finer than what few generations can tell.
_BLUR = ((-1, 0.25), (0, 0.5), (1, 0.25))
_LEAST_WEIGHT = 1e-3


def _prior() -> tuple[float, ...]:
    deviations = [math.log(middle / _PRIOR_MEDIAN_SECONDS) / _PRIOR_SPREAD for middle in MIDDLES]
    body = [math.exp(-(deviation**2) / 2) for deviation in deviations]
    scale = (1 - _PRIOR_ANYTHING) / math.fsum(body)
    return tuple(scale * height + _PRIOR_ANYTHING / _BUCKETS for height in body)


_PRIOR = _prior()


@dataclass(slots=True)
class Latencies:
    """A histogram of the seconds from a submission's acceptance to the generation's end.

    Attributes:
        weights: What each bucket holds of the generations seen, by its number.
    """

    weights: dict[int, float] = field(default_factory=dict)

    @classmethod
    def restored(cls, pairs: Iterable[tuple[float, float]]) -> Latencies:
        """Return the histogram of what `pairs` returned, perhaps with other buckets."""
        latencies = cls()
        for seconds, weight in pairs:
            bucket = bucket_of(seconds)
            latencies.weights[bucket] = latencies.weights.get(bucket, 0.0) + weight
        return latencies

    def pairs(self) -> tuple[tuple[float, float], ...]:
        """Return the middles of the buckets that hold something in seconds, and the weights."""
        return tuple((MIDDLES[bucket], weight) for bucket, weight in sorted(self.weights.items()))

    @property
    def weight(self) -> float:
        """How many generations count, older ones less."""
        return math.fsum(self.weights.values())

    def median(self) -> float:
        """Return the seconds in which half of the generations seen ended. Some must be seen."""
        half = self.weight / 2
        for bucket, weight in sorted(self.weights.items()):
            half -= weight
            if half <= 0:
                return MIDDLES[bucket]
        return MIDDLES[max(self.weights)]

    def masses(self) -> list[float]:
        """Return how likely each bucket is; they add up to one."""
        whole = self.weight + _PRIOR_WEIGHT
        likely = [_PRIOR_WEIGHT * mass / whole for mass in _PRIOR]
        for bucket, weight in self.weights.items():
            for distance, share in _BLUR:
                near = min(max(bucket + distance, 0), _BUCKETS - 1)
                likely[near] += share * weight / whole
        return likely

    def learn(self, running_at: float, ended_by: float) -> None:
        """Take note of a generation that ended between two polls.

        What is between them is shared out as likely as each bucket is, by what is known so
        far (the step of expectation and maximisation for censored data).

        Args:
            running_at: Seconds after which it was seen running, 0 if never.
            ended_by: Seconds after which it was seen to have ended.

        """
        parts = self._parts(running_at, max(ended_by, running_at))
        whole = math.fsum(parts.values())
        older = {bucket: weight * (1 - 1 / _MEMORY) for bucket, weight in self.weights.items()}
        for bucket, part in parts.items():
            older[bucket] = older.get(bucket, 0.0) + part / whole
        self.weights = {key: weight for key, weight in older.items() if weight > _LEAST_WEIGHT}

    def _parts(self, running_at: float, ended_by: float) -> dict[int, float]:
        first, last = bucket_of(running_at), bucket_of(ended_by)
        if first == last:
            return {first: 1.0}
        likely = self.masses()
        inside = {bucket: likely[bucket] for bucket in range(first, last + 1)}
        inside[first] *= 1 - _share_before(running_at, first)
        inside[last] *= _share_before(ended_by, last)
        return inside


def bucket_of(seconds: float) -> int:
    """Return the number of the bucket that holds a time."""
    return min(bisect_right(EDGES, seconds) - 1, _BUCKETS - 1)


def _share_before(seconds: float, bucket: int) -> float:
    """Return how much of a bucket lies before a time in it."""
    width = EDGES[bucket + 1] - EDGES[bucket]
    return min(1.0, (seconds - EDGES[bucket]) / width)
