# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The wording of errors and of `repr`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from longtake._documents import Documented

_LONGEST_IN_REPR = 100


@dataclass(frozen=True, slots=True)
class Violation(Documented):
    """A field of a request that is wrong.

    Attributes:
        field: The path of the field, for example `config.duration_seconds`.
        description: What is wrong and what is accepted.
    """

    field: str
    description: str

    def __repr__(self) -> str:
        return f"Violation({shortened(self.field)}, {shortened(self.description)})"


def error_line(status: str, reason: str, message: str, violations: Sequence[Violation]) -> str:
    """Return one line with the message and every violation, each once."""
    text = _one_line(message) or reason or "no message"
    for violation in violations:
        description = _one_line(violation.description)
        if description not in text:
            text += f"; {violation.field}: {description}"
    return f"{status}: {text}"


def shortened(text: str) -> str:
    """Return the `repr` of a text, cut off after 100 characters."""
    if len(text) <= _LONGEST_IN_REPR:
        return repr(text)
    return f"{text[:_LONGEST_IN_REPR]!r}..."


def _one_line(text: str) -> str:
    return " ".join(text.split())
