# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The one line that tells of an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Violation:
    """A field of a request that is wrong.

    Attributes:
        field: The path of the field, for example `config.duration_seconds`.
        description: What is wrong and what is accepted.
    """

    field: str
    description: str


def error_line(status: str, reason: str, message: str, violations: Sequence[Violation]) -> str:
    """Return one line that has the message and every violation, each once."""
    text = _one_line(message) or reason or "no message"
    for violation in violations:
        description = _one_line(violation.description)
        if description not in text:
            text += f"; {violation.field}: {description}"
    return f"{status}: {text}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
