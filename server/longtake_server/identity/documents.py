# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches the small JSON documents in which issuers publish their keys."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake_server.clock import Clock

_DEADLINE_SECONDS = 10.0
_MOST_BYTES = 1 << 20
_CHUNK_BYTES = 1 << 16
_MAX_AGE = re.compile(r"(?:^|[,\s])max-age=\"?(\d{1,9})")
_NEVER_KEPT = re.compile(r"(?:^|[,\s])no-(?:store|cache)\b")


class NotFetched(Exception):
    """A document cannot be fetched or read. The message names the cause and no address."""


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object.

    Attributes:
        content: The object.
        max_age: For how many seconds its server lets it be kept; None if the server does not say.
    """

    content: Mapping[str, Any]
    max_age: float | None


async def fetch(url: str, clock: Clock) -> Document:
    """Fetch a document in a thread, within ten seconds, without following redirects.

    Args:
        url: An http or https URL.
        clock: Measures the time that the document takes.

    Raises:
        NotFetched: The server does not answer in time or not with 200, or its answer is not a
            JSON object of at most 1 MiB.

    """
    try:
        async with asyncio.timeout(_DEADLINE_SECONDS):
            return await asyncio.to_thread(_read, url, clock)
    except (OSError, ValueError, RecursionError, http.client.HTTPException) as error:
        raise NotFetched(type(error).__name__) from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Treats a redirect as a failure: keys come from the address that the operator trusts."""

    def redirect_request(self, *_: Any) -> None:
        """Follow nothing."""


def _read(url: str, clock: Clock) -> Document:
    opener = urllib.request.build_opener(_NoRedirects)
    end = clock.monotonic() + _DEADLINE_SECONDS
    received = bytearray()
    with opener.open(url, timeout=_DEADLINE_SECONDS) as response:
        # The socket's timeout is for each read, so a server that drips would hold the thread.
        while chunk := response.read1(_CHUNK_BYTES):
            received += chunk
            if len(received) > _MOST_BYTES:
                raise ValueError("the document is too large")
            if clock.monotonic() > end:
                raise TimeoutError
        control = response.headers.get("cache-control", "")
    content = json.loads(received)
    if not isinstance(content, dict):
        raise ValueError("the document is not a JSON object")  # noqa: TRY004 - as json raises
    return Document(content, _max_age(control.lower()))


def _max_age(control: str) -> float | None:
    if _NEVER_KEPT.search(control):
        return 0.0
    given = _MAX_AGE.search(control)
    return None if given is None else float(given[1])
