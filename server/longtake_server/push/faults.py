# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Why a push is refused. The messages go to the log and contain no secret and no body."""

from __future__ import annotations


class NotVerified(Exception):
    """The signature or token of the push is missing or invalid."""


class Unreadable(Exception):
    """The push is authentic, but malformed."""


class NoRoom(Exception):
    """The queue is full, or the server is shutting down; the sender may retry."""
