# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads Range, If-Range and If-None-Match, after RFC 9110. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*", re.ASCII | re.IGNORECASE)


class RangeUnsatisfiable(Exception):
    """A range begins past the end of a video."""


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes to send.

    Attributes:
        first: The first byte.
        end: The byte after the last one.
    """

    first: int
    end: int

    def content_range(self, size: int) -> str:
        """Return the value of Content-Range."""
        return f"bytes {self.first}-{self.end - 1}/{size}"


def part_of(wanted: str | None, size: int) -> Part | None:
    """Return the part that a Range asks for, or None for the whole.

    A server may ignore a Range; that of several ranges, or of another form, is.

    Args:
        wanted: The value of Range, None if there is none.
        size: The size of the whole in bytes.

    Raises:
        RangeUnsatisfiable: The range has no byte of the whole.

    """
    found = _RANGE.fullmatch(wanted) if wanted is not None else None
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        first, end = max(0, size - int(found[2])), size
    else:
        first = int(found[1])
        last = size - 1 if found[2] == "" else int(found[2])
        if last < first and found[2] != "":
            return None
        end = min(size, last + 1)
    if first >= size:
        raise RangeUnsatisfiable
    return Part(first, end)


def is_current(condition: str | None, tags: tuple[str, ...]) -> bool:
    """Return whether an If-Range lets its Range count. A date never does.

    Args:
        condition: The value of If-Range, None if there is none.
        tags: All entity tags of the video.

    """
    return condition is None or condition.strip() in tags


def is_held(condition: str | None, tags: tuple[str, ...]) -> bool:
    """Return whether an If-None-Match says that the client has the video."""
    if condition is None:
        return False
    held = {one.strip().removeprefix("W/") for one in condition.split(",")}
    return "*" in held or not held.isdisjoint(tags)
