# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An upstream that answers a poll with large inline videos, in constant memory.

The prompt says what: `VIDEOS x BYTES, TOGETHER at once`. The answers to that many polls begin at
the same moment. Prints its address as the first line of standard output.
"""

from __future__ import annotations

import json
import re
import sys
import uuid
from base64 import b64encode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROMPT = re.compile(r"(\d+) x (\d+), (\d+) at once")
_PART = b64encode(bytes(range(256)) * 3 * 1024)
_BARRIER_SECONDS = 60.0


def prompt(videos: int, size_bytes: int, together: int) -> str:
    """Return the prompt of such a result. `size_bytes` is a multiple of 3."""
    return f"{videos} x {size_bytes}, {together} at once"


class _Generations:
    """The generations by name: the number and size of their videos, and whom they wait for."""

    def __init__(self) -> None:
        self._started: dict[str, tuple[int, int, Barrier]] = {}
        self._barriers: dict[str, Barrier] = {}
        self._lock = Lock()

    def start(self, path: str, body: str) -> str:
        found = _PROMPT.search(body)
        if found is None:
            raise ValueError(f"prompt: {body}; must be VIDEOS x BYTES, TOGETHER at once")
        videos, size, together = map(int, found.groups())
        name = f"{path.removeprefix('/v1/').partition(':')[0]}/operations/{uuid.uuid4()}"
        with self._lock:
            barrier = self._barriers.setdefault(found[0], Barrier(together))
            self._started[name] = videos, size, barrier
        return name

    def has(self, name: str) -> bool:
        return name in self._started

    def wait(self, name: str) -> tuple[int, int]:
        videos, size, barrier = self._started[name]
        barrier.wait(_BARRIER_SECONDS)
        return videos, size


class _Upstream(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    generations = _Generations()

    def do_POST(self) -> None:
        """Start a generation, or answer a poll."""
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        if self.path.endswith(":predictLongRunning"):
            name = self.generations.start(self.path, body)
            self._answer([json.dumps({"name": name}).encode()])
            return
        name = json.loads(body)["operationName"]
        if not self.generations.has(name):
            # A starting server asks for a generation of no one, to see whether it may poll.
            self._answer([b'{"error": {"code": 404, "status": "NOT_FOUND"}}'], 404)
            return
        videos, size = self.generations.wait(name)
        self._answer(list(_pieces(name, videos, size)))

    def log_message(self, *_arguments: object) -> None:
        """Log nothing."""

    def _answer(self, pieces: list[bytes | memoryview], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(sum(map(len, pieces))))
        self.end_headers()
        for piece in pieces:
            self.wfile.write(piece)


def _pieces(name: str, videos: int, size: int) -> Iterator[bytes | memoryview]:
    """Yield the JSON of a finished generation. Most pieces are one object."""
    yield b'{"name": "%b", "done": true, "response": {"videos": [' % name.encode()
    for index in range(videos):
        yield b'%b{"bytesBase64Encoded": "' % (b", " if index else b"")
        characters = size // 3 * 4
        for _ in range(characters // len(_PART)):
            yield _PART
        yield memoryview(_PART)[: characters % len(_PART)]
        yield b'", "mimeType": "video/mp4"}'
    yield b"]}}"


def main() -> None:
    """Serve until SIGTERM."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Upstream) as server:
        sys.stdout.write(f"http://127.0.0.1:{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
