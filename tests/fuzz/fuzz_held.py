# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a fuzzed process holds. Imports nothing that atheris instruments."""

from __future__ import annotations

from typing import NamedTuple


class Held(NamedTuple):
    """What a process holds at a moment.

    Attributes:
        bytes: Its resident memory.
        files: Its open files.
        tasks: The asyncio tasks that have not ended; None if it is another process.
    """

    bytes: int
    files: int
    tasks: int | None = None
