# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads a lock file, for the tests of the project's own files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class LockedPackage:
    """One entry of a lock file."""

    name: str
    version: str
    hashes: int


def locked_packages(file: Path) -> dict[str, LockedPackage]:
    """Return the entries of a lock file by their canonical name."""
    entries = file.read_text().replace("\\\n", " ").splitlines()
    found: dict[str, LockedPackage] = {}
    for entry in entries:
        pinned, *hashes = entry.split(" --hash=")
        if pinned.strip() and not pinned.lstrip().startswith("#"):
            requirement = Requirement(pinned)
            (specifier,) = requirement.specifier
            assert specifier.operator == "==", entry
            name = canonicalize_name(requirement.name)
            found[name] = LockedPackage(name, specifier.version, len(hashes))
    return found
