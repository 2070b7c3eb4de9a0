# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Counts calls, so that tests can wait for them and compare."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

_MOST_PROMPTS = 100_000


class Counts:
    """The counts of this process since its start."""

    def __init__(self) -> None:
        self.submissions_received = 0
        self.submissions_accepted = 0
        self.polls = 0
        self.downloads = 0
        self.forwarded_credentials = 0
        self.running_most = 0
        self._running = 0
        self._by_prompt: Counter[str] = Counter()
        self._news = asyncio.Event()

    def received(self) -> None:
        """Count a submission, accepted or not."""
        self.submissions_received += 1
        self._tell()

    def accepted(self, prompt: str) -> None:
        """Count a submission that started a generation."""
        self.submissions_accepted += 1
        if prompt in self._by_prompt or len(self._by_prompt) < _MOST_PROMPTS:
            self._by_prompt[prompt] += 1
        self._tell()

    def polled(self) -> None:
        """Count a poll."""
        self.polls += 1
        self._tell()

    def began(self) -> None:
        """Count a generation that starts to run."""
        self._running += 1
        self.running_most = max(self.running_most, self._running)

    def ended(self) -> None:
        """Count a generation that stops running."""
        self._running -= 1

    def downloaded(self) -> None:
        """Count a read of an object or a file."""
        self.downloads += 1

    def forwarded(self) -> None:
        """Count credentials that a caller sent to the target of a redirect."""
        self.forwarded_credentials += 1

    async def reach(self, submissions: int, polls: int) -> None:
        """Wait for this many submissions and polls."""
        while self.submissions_received < submissions or self.polls < polls:
            await self._news.wait()

    def as_json(self) -> dict[str, Any]:
        """Return the counts.

        The counts by prompt are of started generations. `running_most` is the largest number of
        generations that ran at the same time.
        """
        return {
            "submissions_received": self.submissions_received,
            "submissions_accepted": self.submissions_accepted,
            "submissions_by_prompt": dict(self._by_prompt),
            "running_most": self.running_most,
            "polls": self.polls,
            "downloads": self.downloads,
            "forwarded_credentials": self.forwarded_credentials,
        }

    def _tell(self) -> None:
        self._news.set()
        self._news = asyncio.Event()
