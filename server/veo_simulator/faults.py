# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Answers calls with the faults that their prompts select."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse, Response

from veo_simulator.directives import CALL_FAULTS
from veo_simulator.errors import GoogleError, retry_info
from veo_simulator.quota import exceeded

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from veo_simulator.directives import Directives
    from veo_simulator.generations import Work

_MOST_KEPT = 10_000
_MISSING_BYTES = 1000


class CutOff(Response):
    """An answer that breaks off: the connection closes after its first bytes."""

    def __init__(self, beginning: bytes = b"{", media_type: str = "application/json") -> None:
        super().__init__(beginning, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce more bytes than are sent, so that the server closes the connection."""
        self.headers["content-length"] = str(len(self.body) + _MISSING_BYTES)
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})


class Faults:
    """Counts how often each fault was returned: `times` times, by default once."""

    def __init__(self) -> None:
        self._met: dict[tuple[str, str], int] = {}

    def next(self, whose: str, chosen: Directives, prefix: str = "") -> str | None:
        """Return the fault that a call gets now, or None.

        Args:
            whose: The key by which faults are counted: a prompt, or the name of a generation.
            chosen: The directives.
            prefix: `poll-` for polls.

        """
        for fault in CALL_FAULTS:
            if self.meets(whose, prefix + fault, chosen):
                return fault
        return None

    def meets(self, whose: str, name: str, chosen: Directives) -> bool:
        """Return whether one more call gets a fault that is returned `times` times."""
        met = self._met.get((whose, name), 0)
        if name not in chosen or met >= chosen.number(name, "times", 1):
            return False
        self._met[whose, name] = met + 1
        if len(self._met) > _MOST_KEPT:
            del self._met[next(iter(self._met))]
        return True


async def answer(fault: str, order: Work, prefix: str = "") -> Response:
    """Return the answer of a fault.

    Args:
        fault: Its name, without the prefix.
        order: The request that selected the fault.
        prefix: `poll-` for polls.

    Raises:
        GoogleError: The fault is an error of Google's.

    """
    given = order.directives.text(prefix + fault, "retry", "")
    retry_seconds = float(given) if given else None
    details = [] if retry_seconds is None else [retry_info(retry_seconds)]
    match fault:
        case "quota":
            raise exceeded(order.model, retry_seconds)
        case "unavailable":
            raise GoogleError("UNAVAILABLE", "The service is currently unavailable.", *details)
        case "reject":
            message = "The prompt couldn't be submitted: it might violate our policies."
            raise GoogleError("INVALID_ARGUMENT", message)
        case "internal":
            raise GoogleError("INTERNAL", "Internal error encountered.", *details)
        case "html":
            return HTMLResponse("<html><title>502 Bad Gateway</title></html>", 502)
        case "garbage":
            return Response('{"name": "projects/', media_type="application/json")
        case "drop":
            return CutOff()
        case _:
            # Until the caller disconnects, upon which the server cancels this.
            await asyncio.Event().wait()
            raise AssertionError("nobody sets the event")
