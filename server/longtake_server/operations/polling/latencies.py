# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A small histogram of generation times in which older ones fade. No I/O."""

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
"""The edges of the buckets in seconds. Each bucket is 1.5 % wider than the one before it."""

MIDDLES = tuple((start + end) / 2 for start, end in pairwise(EDGES))
"""The middle of each bucket in seconds."""

# The prior weighs as much as one observed generation. It is log-normal: Google documents 11
# seconds to 6 minutes. A part of it is spread evenly over all buckets, so that none has
# probability zero.
_PRIOR_WEIGHT = 1.0
_PRIOR_MEDIAN_SECONDS = 60.0
_PRIOR_SPREAD = 1.25
_PRIOR_UNIFORM_SHARE = 0.1
# The effective number of generations remembered: each new one fades the others by 1 / this.
_MEMORY = 200.0
# Smooths the histogram, since its buckets are finer than a few observations can resolve.
_SMOOTHING = ((-1, 0.25), (0, 0.5), (1, 0.25))
_MIN_WEIGHT = 1e-3


def _prior() -> tuple[float, ...]:
    deviations = [math.log(middle / _PRIOR_MEDIAN_SECONDS) / _PRIOR_SPREAD for middle in MIDDLES]
    body = [math.exp(-(deviation**2) / 2) for deviation in deviations]
    scale = (1 - _PRIOR_UNIFORM_SHARE) / math.fsum(body)
    return tuple(scale * height + _PRIOR_UNIFORM_SHARE / _BUCKETS for height in body)


_PRIOR = _prior()


@dataclass(slots=True)
class Latencies:
    """A histogram of the seconds from acceptance by the upstream to the end of the generation.

    Attributes:
        weights: The weight of the generations in each bucket, by bucket number.
    """

    weights: dict[int, float] = field(default_factory=dict)

    @classmethod
    def restored(cls, pairs: Iterable[tuple[float, float]]) -> Latencies:
        """Return a histogram from the result of `pairs`. The buckets may have changed since."""
        latencies = cls()
        for seconds, weight in pairs:
            bucket = bucket_of(seconds)
            latencies.weights[bucket] = latencies.weights.get(bucket, 0.0) + weight
        return latencies

    def pairs(self) -> tuple[tuple[float, float], ...]:
        """Return the middle in seconds and the weight of each bucket that is not empty."""
        return tuple((MIDDLES[bucket], weight) for bucket, weight in sorted(self.weights.items()))

    @property
    def weight(self) -> float:
        """The total weight: the number of generations, with older ones faded."""
        return math.fsum(self.weights.values())

    def median(self) -> float:
        """Return the median duration in seconds. The histogram must not be empty."""
        return self.quantile(0.5)

    def quantile(self, share: float) -> float:
        """Return the seconds that a share (0 to 1) takes at most. It must not be empty."""
        left = self.weight * share
        for bucket, weight in sorted(self.weights.items()):
            left -= weight
            if left <= 0:
                return MIDDLES[bucket]
        return MIDDLES[max(self.weights)]

    def masses(self) -> list[float]:
        """Return the probability of each bucket, prior included. They add up to 1."""
        total = self.weight + _PRIOR_WEIGHT
        probabilities = [_PRIOR_WEIGHT * mass / total for mass in _PRIOR]
        for bucket, weight in self.weights.items():
            for distance, share in _SMOOTHING:
                near = min(max(bucket + distance, 0), _BUCKETS - 1)
                probabilities[near] += share * weight / total
        return probabilities

    def learn(self, running_at: float, ended_by: float) -> None:
        """Add a generation that ended between two polls.

        Its weight is spread over the buckets in between in proportion to their present
        probability (one step of expectation maximisation for interval-censored data).

        Args:
            running_at: The elapsed seconds when it was last seen running, 0 if never.
            ended_by: The elapsed seconds when it was seen to have ended.

        """
        parts = self._parts(running_at, max(ended_by, running_at))
        total = math.fsum(parts.values())
        older = {bucket: weight * (1 - 1 / _MEMORY) for bucket, weight in self.weights.items()}
        for bucket, part in parts.items():
            older[bucket] = older.get(bucket, 0.0) + part / total
        self.weights = {key: weight for key, weight in older.items() if weight > _MIN_WEIGHT}

    def _parts(self, running_at: float, ended_by: float) -> dict[int, float]:
        first, last = bucket_of(running_at), bucket_of(ended_by)
        if first == last:
            return {first: 1.0}
        probabilities = self.masses()
        inside = {bucket: probabilities[bucket] for bucket in range(first, last + 1)}
        inside[first] *= 1 - _share_before(running_at, first)
        inside[last] *= _share_before(ended_by, last)
        return inside


def bucket_of(seconds: float) -> int:
    """Return the number of the bucket that holds a duration."""
    return min(bisect_right(EDGES, seconds) - 1, _BUCKETS - 1)


def _share_before(seconds: float, bucket: int) -> float:
    """Return the share (0 to 1) of a bucket that lies before a time within it."""
    width = EDGES[bucket + 1] - EDGES[bucket]
    return min(1.0, (seconds - EDGES[bucket]) / width)
