# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Posts events to one address, in a thread, and tries again those that fail."""

from __future__ import annotations

import heapq
import http.client
import queue
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from longtake._webhook_signing import signed_headers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from longtake._webhook_events import WebhookRequest

# The server's first delays. It goes on for a day; a program that is being developed is
# restarted sooner, and its developer sees each failure.
RETRY_SECONDS = (5.0, 30.0, 120.0, 600.0)
_ATTEMPT_SECONDS = 15.0
_MOST_WAITING = 1000
_SUCCESSES = range(200, 300)
_GONE = 410


@dataclass(frozen=True, slots=True)
class Attempt:
    """The end of an attempt.

    Attributes:
        request: What was sent.
        number: How many attempts it has had.
        status: What the address answered, or None for no answer.
        failure: Why there is no answer, or None.
        seconds: How long it took.
        retry_seconds: When it is tried again, in seconds, or None.
    """

    request: WebhookRequest
    number: int
    status: int | None
    failure: str | None
    seconds: float
    retry_seconds: float | None


class Forwarder:
    """Posts events one after another. Use it in a `with` block.

    Args:
        url: The address.
        secret: What signs the events.
        report: Is called in the thread of the forwarder after each attempt.
        failed: Is called there if `report` raised, after which nothing is posted.
        retry_seconds: The waits before the second and each further attempt.

    Attributes:
        failure: What `report` raised, or None.
    """

    def __init__(
        self,
        url: str,
        secret: bytes,
        report: Callable[[Attempt], None],
        failed: Callable[[], None],
        retry_seconds: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self._url = url
        self._secret = secret
        self._report = report
        self._failed = failed
        self._retry_seconds = retry_seconds
        self._arrived: queue.Queue[WebhookRequest] = queue.Queue(_MOST_WAITING)
        self._waiting: list[tuple[float, int, WebhookRequest, int]] = []
        self._count = 0
        self._thread = threading.Thread(target=self._run, name="forwarder", daemon=True)
        self._ending = threading.Event()
        self.failure: Exception | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._ending.set()

    def join(self) -> None:
        """Wait until nothing more is posted."""
        self._thread.join()

    def send(self, request: WebhookRequest) -> None:
        """Post an event as soon as those before it were posted once. Waits while many wait."""
        while not self._ending.is_set():
            try:
                self._arrived.put(request, timeout=1.0)
            except queue.Full:
                continue
            return

    def _run(self) -> None:
        try:
            while not self._ending.is_set():
                request, number = self._next()
                if request is not None:
                    self._attempt(request, number)
        except Exception as error:  # noqa: BLE001 - raised in the other thread
            self.failure = error
            self._ending.set()
            self._failed()

    def _next(self) -> tuple[WebhookRequest | None, int]:
        """Return what to post now and the number of the attempt, or None after a while."""
        now = time.monotonic()
        if self._waiting and self._waiting[0][0] <= now:
            _, _, request, number = heapq.heappop(self._waiting)
            return request, number
        left = min(1.0, self._waiting[0][0] - now) if self._waiting else 1.0
        try:
            return self._arrived.get(timeout=left), 1
        except queue.Empty:
            return None, 0

    def _attempt(self, request: WebhookRequest, number: int) -> None:
        began = time.monotonic()
        headers = signed_headers(request.id, request.body, self._secret, int(time.time()))
        status, failure = _post(self._url, request.body, headers)
        now = time.monotonic()
        wait = self._wait_after(status, number)
        if wait is not None:
            self._count += 1
            heapq.heappush(self._waiting, (now + wait, self._count, request, number + 1))
        self._report(Attempt(request, number, status, failure, now - began, wait))

    def _wait_after(self, status: int | None, number: int) -> float | None:
        is_over = status in _SUCCESSES or status == _GONE
        if is_over or number > len(self._retry_seconds) or len(self._waiting) >= _MOST_WAITING:
            return None
        return self._retry_seconds[number - 1]


def _post(url: str, body: bytes, headers: dict[str, str]) -> tuple[int | None, str | None]:
    """Return the status of the answer, or why there is none. Follows no redirect, and no proxy."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=_ATTEMPT_SECONDS)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", target, body, headers)
        return connection.getresponse().status, None
    except OSError as error:
        return None, error.strerror or str(error) or type(error).__name__
    except http.client.HTTPException:
        return None, "the answer is not HTTP"
    finally:
        connection.close()
