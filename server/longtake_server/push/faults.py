# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Why a push is refused. The texts are for the log; none holds a secret or a body."""

from __future__ import annotations


class NotVerified(Exception):
    """The push is not proven to be its sender's."""


class KeysUnavailable(Exception):
    """The sender's keys cannot be fetched for now; the sender may try again."""


class Unreadable(Exception):
    """The push is its sender's, and cannot be read."""


class NoRoom(Exception):
    """No more hints are taken for now; the sender may try again."""
