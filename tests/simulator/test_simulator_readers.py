# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Callers that never read what they ask for, or reset their connections."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
from typing import TYPE_CHECKING

import httpx
import pytest
from processes.running import GUARD_SECONDS, simulator

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)

READERS = 20
# More than the buffers of two sockets hold.
SIZE = 16 << 20
ASK = (
    b"GET /storage/v1/b/bucket/o/big?alt=media HTTP/1.1\r\n"
    b"host: x\r\nauthorization: Bearer t\r\n\r\n"
)
RESET = struct.pack("ii", 1, 0)


async def test_readers_that_never_read_are_one_line_when_it_stops(tmp_path: Path) -> None:
    with contextlib.ExitStack() as sockets:
        async with simulator(tmp_path) as running:
            url = httpx.URL(running.base_url)
            async with httpx.AsyncClient(
                base_url=url, headers={"authorization": "Bearer t"}, timeout=GUARD_SECONDS
            ) as http:
                upload = "upload/storage/v1/b/bucket/o?uploadType=media&name=big"
                (await http.post(upload, content=bytes(SIZE))).raise_for_status()
                readers = [
                    sockets.enter_context(socket.create_connection((url.host, url.port or 0)))
                    for _ in range(READERS)
                ]
                for reader in readers:
                    reader.sendall(ASK)
                    # The answer has begun.
                    assert reader.recv(4) == b"HTTP"
                for reader in readers[::2]:
                    reader.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    reader.close()
                assert (await http.get("/simulator/health")).is_success
    log = (tmp_path / "simulator.log").read_text().splitlines()
    assert len(log) == 1, log
    assert re.search(r"Cancel \d+ running task\(s\)", log[0])
