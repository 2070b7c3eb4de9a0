# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes JSON objects from inputs, of the members and values that a wire knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fuzz.fuzz_reader import Reader

_MOST_MEMBERS = 6
_KINDS = 8


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The members and the values of a wire.

    Attributes:
        members: Names of members.
        texts: Strings.
        others: Numbers, booleans and null.
        deepest: How deep objects and lists may lie in each other.
    """

    members: tuple[str, ...]
    texts: tuple[str, ...]
    others: tuple[float | bool | None, ...]
    deepest: int = 5

    def members_of(self, reader: Reader, depth: int = 0) -> dict[str, Any]:
        """Return an object. From the depth `deepest` on, its values are strings."""
        return {
            reader.choice(self.members): self._value(reader, depth + 1)
            for _ in range(reader.number(_MOST_MEMBERS))
        }

    def _value(self, reader: Reader, depth: int) -> Any:
        kind = reader.number(_KINDS)
        if kind < 3 or depth > self.deepest:
            return reader.choice(self.texts)
        if kind == 3:
            return self.others[reader.number(len(self.others))]
        if kind == 4:
            return [self._value(reader, depth + 1) for _ in range(reader.number(4))]
        return self.members_of(reader, depth)
