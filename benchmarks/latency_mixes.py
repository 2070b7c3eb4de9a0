# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Synthetic mixes of generation latencies. All but one have a body and a heavy tail.

A body is log-normal. A tail is a Pareto distribution with an exponent of 1.5, whose variance is
infinite, truncated at 15 minutes. No upstream publishes its latencies. The medians are in the range
that Google's documentation and users report for Veo, 11 seconds to 6 minutes. The spreads are
assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

_TAIL_EXPONENT = 1.5
_TAIL_STARTS_AT = 1.2
_LONGEST_SECONDS = 900.0
_MODEL = "veo-3.1-generate-001"
_FAST_MODEL = "veo-3.1-fast-generate-001"


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix of latencies.

    Attributes:
        name: Describes it in the results.
        draw: Returns the model and the seconds of a generation. Takes a random generator and the
            share of generations before this one: 0 to 1.
        foreseeable: Whether a poller that knows the distribution can meet the budgets.
    """

    name: str
    draw: Callable[[random.Random, float], tuple[str, float]]
    foreseeable: bool = True


def _body(chance: random.Random, median: float, spread: float) -> float:
    return median * math.exp(chance.gauss(0, spread))


def _with_tail(chance: random.Random, seconds: float, share: float) -> float:
    if chance.random() >= share:
        return seconds
    late = seconds * _TAIL_STARTS_AT * chance.paretovariate(_TAIL_EXPONENT)
    return min(late, _LONGEST_SECONDS)


def _steady(chance: random.Random, _: float) -> tuple[str, float]:
    return _MODEL, _with_tail(chance, _body(chance, 60, 0.02), 0.03)


def _two_models(chance: random.Random, _: float) -> tuple[str, float]:
    model, median = chance.choice([(_FAST_MODEL, 45.0), (_MODEL, 110.0)])
    return model, _with_tail(chance, _body(chance, median, 0.02), 0.03)


def _two_modes(chance: random.Random, _: float) -> tuple[str, float]:
    median = 120.0 if chance.random() < 0.25 else 90.0
    return _MODEL, _with_tail(chance, _body(chance, median, 0.015), 0.02)


def _queueing(chance: random.Random, _: float) -> tuple[str, float]:
    waiting = chance.expovariate(1 / 40) if chance.random() < 0.08 else 0.0
    return _MODEL, _body(chance, 110, 0.02) + waiting


def _slower_one_day(chance: random.Random, before: float) -> tuple[str, float]:
    median = 60.0 if before < 0.5 else 75.0
    return _MODEL, _with_tail(chance, _body(chance, median, 0.02), 0.03)


def _wide(chance: random.Random, _: float) -> tuple[str, float]:
    return _MODEL, _with_tail(chance, _body(chance, 80, 0.25), 0.03)


MIXES = (
    Mix("one model, 60 s", _steady),
    Mix("two models, 45 s and 110 s", _two_models),
    Mix("one model, 90 s or 120 s", _two_modes),
    Mix("110 s, one in twelve queues upstream", _queueing),
    Mix("60 s, then 75 s from half way", _slower_one_day),
    Mix("80 s with a spread of a quarter", _wide, foreseeable=False),
)
