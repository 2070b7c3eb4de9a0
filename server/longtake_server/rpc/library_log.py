# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Drops log records of grpcio about clients that disconnect."""

from __future__ import annotations

import logging

_LOGGER = "grpc._cython.cygrpc"
# The class is not public, so the filter compares its name.
_BATCH_FAILED = "ExecuteBatchError"


class _Disconnects(logging.Filter):
    """Rejects tracebacks of messages that could not be sent because the client disconnected."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return type(error).__name__ != _BATCH_FAILED


_DISCONNECTS = _Disconnects()


def drop_disconnects() -> None:
    """Stop grpcio from logging a traceback when a client disconnects before a message is sent.

    The access log has a line for such a call, as for any other.
    """
    logging.getLogger(_LOGGER).addFilter(_DISCONNECTS)
