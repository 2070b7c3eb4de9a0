# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Turns faults of the disk, for example a full one, into one log line and an error of Google's."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from veo_simulator.errors import GoogleError

if TYPE_CHECKING:
    from collections.abc import Iterator

_log = logging.getLogger(__name__)


@contextmanager
def storing(what: str) -> Iterator[None]:
    """Guard code that stores something.

    Args:
        what: What is stored, for the log line and the message.

    Raises:
        GoogleError: UNAVAILABLE; the disk did not take it.

    """
    try:
        yield
    except OSError as error:
        message = f"{what} cannot be stored: {error.strerror or type(error).__name__}"
        _log.error(message)
        raise GoogleError("UNAVAILABLE", message) from error
