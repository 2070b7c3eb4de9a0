# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Maps faults of the object store to errors for callers."""

from __future__ import annotations

import logging
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

from longtake_server.errors import StorageUnavailable, VideoExpired

if TYPE_CHECKING:
    from collections.abc import Generator

_log = logging.getLogger(__name__)

_SYSTEM_ERROR = re.compile(r"\(os error (\d+)\)")


@contextmanager
def mapped_faults(key: str = "") -> Generator[None]:
    """Map errors of the library to StorageUnavailable, or VideoExpired if `key` is missing."""
    try:
        yield
    except (BaseError, OSError) as error:
        if key and isinstance(error, FileNotFoundError):
            raise VideoExpired(key.rpartition(".")[0]) from error
        _log.warning("the object store failed", extra={"cause": first_line(error)})
        raise StorageUnavailable(_cause(error)) from error


def _cause(error: Exception) -> str:
    """Return a short cause for a caller, without paths or addresses."""
    if isinstance(error, PermissionDeniedError | UnauthenticatedError | PermissionError):
        return "the object store refuses the server's credentials"
    if isinstance(error, TimeoutError):
        return "the object store does not answer in time"
    if isinstance(error, OSError) and error.errno:
        return f"the object store failed: {os.strerror(error.errno)}"
    # The library reports most operating system errors only in its text.
    if found := _SYSTEM_ERROR.search(str(error)):
        return f"the object store failed: {os.strerror(int(found[1]))}"
    return f"the object store failed with {type(error).__name__}"


def first_line(error: Exception) -> str:
    """Return the first line of an error's text, of at most 300 characters."""
    # Further lines repeat the cause in the library's nested errors.
    return str(error).partition("\n")[0][:300]
