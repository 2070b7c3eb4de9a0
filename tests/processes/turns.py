# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lets the workers of one test run make shared things one at a time."""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

BUILD = Path(__file__).parents[2] / "build"
"""The folder of what is kept between runs."""


@contextmanager
def turn(thing: str) -> Iterator[None]:
    """Wait until no other worker makes the thing. Blocks."""
    BUILD.mkdir(exist_ok=True)
    with (BUILD / f"{thing}.making").open("w") as making:
        fcntl.flock(making, fcntl.LOCK_EX)
        yield
