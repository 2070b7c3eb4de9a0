# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Environments of their own for other versions of Google's SDK, kept between runs."""

from __future__ import annotations

from pathlib import Path

from processes.environments import locked_environment

OLDER, NEWEST = "2.19.0", "3.6.1"
"""The versions that can be had. The newest comes with aiohttp, which it prefers to httpx."""


def other_python(version: str) -> Path:
    """Return the interpreter that has this google-genai; make its environment if need be.

    Skips the test where no package index can be reached.
    """
    lock = Path(__file__).with_name(f"google-genai-{version}.lock")
    return locked_environment(f"sdk-{version}", lock, f"google-genai=={version}")
