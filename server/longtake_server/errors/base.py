# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The base of all errors for callers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping


class LongtakeError(Exception):
    """An error that is reported to the caller.

    Attributes:
        reason: The machine-readable cause in upper snake case.
        metadata: The variable parts of the message.
    """

    reason: ClassVar[str]

    def __init__(self, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.metadata: dict[str, str] = dict(metadata or {})
