# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Addresses of videos that work without a credential."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from longtake._documents import Documented


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoUrl(Documented):
    """The address of a video, for a browser, a player or a chat. Its repr does not show it.

    Attributes:
        url: The address. It is a secret: whoever has it can read the video.
        expire_time: When it stops working.
    """

    url: str = field(repr=False)
    expire_time: datetime | None
