# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What runs `longtake-server keys` in a test."""

from __future__ import annotations

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]
"""Takes the words of a command; returns its exit code, its output and its errors."""
