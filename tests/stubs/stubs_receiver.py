# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An endpoint on a real socket that keeps what is posted to it."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GUARD_SECONDS = 60


@dataclass(frozen=True)
class Posted:
    """A request that arrived.

    Attributes:
        path: Its path and query.
        headers: Its headers, by lower-case name.
        body: Its body.
    """

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Answers with the statuses of a script, and then with 204.

    Attributes:
        url: Its address.
    """

    def __init__(self, statuses: tuple[int, ...]) -> None:
        self._statuses = list(statuses)
        self._posted: SimpleQueue[Posted] = SimpleQueue()
        self.url = ""

    def next(self) -> Posted:
        """Wait for the next request."""
        return self._posted.get(timeout=GUARD_SECONDS)

    def arrive(self, posted: Posted) -> int:
        """Keep a request, and return the status of the answer."""
        self._posted.put(posted)
        return self._statuses.pop(0) if self._statuses else 204


@contextmanager
def receiver(*statuses: int) -> Iterator[Receiver]:
    """Listen on a free port while it lasts."""
    receiving = Receiver(statuses)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            self.send_response(receiving.arrive(Posted(self.path, headers, body)))
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            pass

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiving.url = f"http://127.0.0.1:{listener.server_port}/hooks?from=longtake"
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield receiving
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()
