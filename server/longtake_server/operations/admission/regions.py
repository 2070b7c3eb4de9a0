# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Names of the other regions of an upstream: `HOME@LOCATION`. Pure functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_MARK = "@"


def region_name(home: str, location: str) -> str:
    """Return the name of an upstream's region in a location other than its own."""
    return f"{home}{_MARK}{location}"


def home_of(upstream: str) -> str:
    """Return the upstream that a region belongs to, or the name itself if it is not a region."""
    return upstream.partition(_MARK)[0]


def other_regions(upstreams: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Return for each upstream its other regions, in the order in which they are tried."""
    groups: dict[str, list[str]] = {}
    for name in upstreams:
        groups.setdefault(home_of(name), []).append(name)
    return {
        name: (*group[place + 1 :], *group[:place])
        for group in groups.values()
        for place, name in enumerate(group)
    }
