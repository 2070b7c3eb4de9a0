# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Known vulnerabilities of locked packages, from a dated file, without a network."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parents[1]
FILE = ROOT / "scripts/advisories.json"
"""The snapshot of advisories."""

_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Range:
    """Versions from `introduced` on, and before `fixed`; None if no version has a fix."""

    introduced: Version
    fixed: Version | None

    def __contains__(self, version: Version) -> bool:
        """Return whether the version is vulnerable."""
        return version >= self.introduced and (self.fixed is None or version < self.fixed)


@dataclass(frozen=True, slots=True)
class Advisory:
    """A vulnerability of one package."""

    id: str
    package: str
    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a source said up to a day about the packages that were looked up in it."""

    day: date
    source: str
    checked_packages: frozenset[str]
    without_advisories: frozenset[str]
    advisories: tuple[Advisory, ...]

    def affecting(self, versions: Mapping[str, str]) -> Iterator[Advisory]:
        """Yield the advisories of these packages at these versions."""
        for advisory in self.advisories:
            version = versions.get(advisory.package)
            if version and any(Version(version) in one for one in advisory.ranges):
                yield advisory


def load(file: Path = FILE) -> Snapshot:
    """Return the advisories of a file. Raises ValueError or KeyError if it is malformed."""
    read = json.loads(file.read_text())
    advisories = tuple(
        Advisory(
            each["id"],
            canonicalize_name(each["package"]),
            tuple(
                Range(Version(one["introduced"]), Version(one["fixed"]) if one["fixed"] else None)
                for one in each["ranges"]
            ),
        )
        for each in read["advisories"]
    )
    return Snapshot(
        date.fromisoformat(read["date"]),
        read["source"],
        frozenset(read["checked_packages"]),
        frozenset(read["without_advisories"]),
        advisories,
    )


def pinned(lock_file: Path) -> dict[str, str]:
    """Return the version of each package of a lock file, by its canonical name."""
    found = _PINNED.findall(lock_file.read_text())
    return {canonicalize_name(name): version for name, version in found}
