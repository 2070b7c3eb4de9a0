# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Creates names of operations."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_RANDOM_BYTES = 10
# Each read of random bytes gives up the interpreter's lock, and waits to get it back.
_NAMES_IN_A_READ = 128


def new_operation_name(now: datetime) -> str:
    """Return a new name, `operations/{UUID version 7}`. Names sort by creation time.

    The layout follows RFC 9562, section 5.7: 48 bits of Unix milliseconds,
    then the version, 12 random bits, the variant, and 62 random bits.
    """
    milliseconds = int(now.timestamp() * 1000) & ((1 << 48) - 1)
    random = next(_RANDOM)
    number = (milliseconds << 80) | (0x7 << 76) | (random >> 68 << 64)
    number |= (0b10 << 62) | (random & ((1 << 62) - 1))
    digits = f"{number:032x}"
    # As str(uuid.UUID(int=number)), which takes twice as long as all of this.
    return f"operations/{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _random_numbers() -> Iterator[int]:
    """Yield numbers of 80 random bits from the operating system, without an end."""
    while True:
        read = os.urandom(_RANDOM_BYTES * _NAMES_IN_A_READ)
        for start in range(0, len(read), _RANDOM_BYTES):
            yield int.from_bytes(read[start : start + _RANDOM_BYTES], "big")


_RANDOM = _random_numbers()
