# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Drops what grpcio logs about clients that disconnect."""

from __future__ import annotations

import logging

_LOGGER = "grpc._cython.cygrpc"
# The class is not public, but its name is all that the record tells.
_BATCH_FAILED = "ExecuteBatchError"


class _Disconnects(logging.Filter):
    """Rejects the traceback of a message that could not be sent because its client is gone."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return type(error).__name__ != _BATCH_FAILED


_DISCONNECTS = _Disconnects()


def drop_disconnects() -> None:
    """Have grpcio log no traceback when a client leaves before a message is sent.

    The access log has a line for such a call, as for any other.
    """
    logging.getLogger(_LOGGER).addFilter(_DISCONNECTS)
