# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Maps disk faults, for example a full disk, to one log line and one of Google's errors."""

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
        what: The thing that is stored, for the log line and the message.

    Raises:
        GoogleError: UNAVAILABLE; the write failed.

    """
    try:
        yield
    except OSError as error:
        message = f"{what} cannot be stored: {error.strerror or type(error).__name__}"
        _log.error(message)
        raise GoogleError("UNAVAILABLE", message) from error
