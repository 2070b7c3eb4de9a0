# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A receiver of webhooks on a real socket, with or without TLS, and name servers that lie."""

from __future__ import annotations

import asyncio
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rpc.rpc_certificates import Authority, TlsFolder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def answer(status: int, body: bytes = b"", **headers: str) -> bytes:
    """Return an answer of HTTP."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    named = {"content-length": str(len(body)), **named}
    head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status} Said\r\n{head}\r\n".encode() + body


@dataclass(frozen=True)
class Received:
    """A request."""

    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Takes requests.

    Attributes:
        reply: Returns the answer to a request, None to hang until the client leaves.
        connections: How often somebody connected, even without a request.
        port: Its port.
    """

    def __init__(self) -> None:
        self.reply: Callable[[Received], bytes | None] = lambda _: OK
        self.requests: list[Received] = []
        self.connections = 0
        self.sent = 0
        self.port = 0
        self._arrived = asyncio.Condition()
        self._handlers: set[asyncio.Task[None]] = set()

    async def until(self, done: Callable[[Receiver], bool]) -> None:
        """Wait until a condition on this receiver holds."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: done(self))

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        self.connections += 1
        try:
            received = await _read(reader)
            self.requests.append(received)
            said = self.reply(received)
            async with self._arrived:
                self._arrived.notify_all()
            if said is None:
                await reader.read()
            else:
                writer.write(said)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            # The client disconnected, or the test is over.
            pass
        finally:
            writer.close()
            self._handlers.discard(task)

    async def flood(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer with a body that does not end."""
        self.connections += 1
        try:
            await _read(reader)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n")
            while self.sent < 1 << 30:
                writer.write(bytes(1 << 16))
                await writer.drain()
                self.sent += 1 << 16
        except ConnectionError:
            pass
        finally:
            writer.transport.abort()

    async def stop(self) -> None:
        for task in tuple(self._handlers):
            task.cancel()
        if self._handlers:
            await asyncio.wait(self._handlers)


@asynccontextmanager
async def receiver(
    host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, *, floods: bool = False
) -> AsyncIterator[Receiver]:
    """Run a receiver on a free port. With the host `::`, on every address of this machine."""
    running = Receiver()
    handler = running.flood if floods else running.connected
    if host == "::" and socket.has_dualstack_ipv6():
        listening = socket.create_server(("", 0), family=socket.AF_INET6, dualstack_ipv6=True)
    else:
        listening = socket.create_server(("" if host == "::" else host, 0))
    server = await asyncio.start_server(handler, sock=listening, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        await running.stop()


class Trust:
    """An authority, and the contexts of TLS that trust it or are certified by it for localhost."""

    def __init__(self, folder: Path) -> None:
        self._authority = Authority()
        self.roots = folder / "roots.pem"
        self.roots.write_bytes(self._authority.pem)
        files = TlsFolder(folder / "tls")
        files.put(self._authority.server())
        self.server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server.load_cert_chain(files.certificate, files.key)

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.roots))


class NameServer:
    """Stands in for `socket.getaddrinfo`: the n-th answer of a name, and then its last one."""

    def __init__(self, answers: Mapping[str, Sequence[Sequence[str]]]) -> None:
        self._answers = {name: list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: None, **_: object) -> list[Any]:
        self.asked.append(host)
        left = self._answers.get(host)
        if left is None:
            raise socket.gaierror(socket.EAI_NONAME, "not known")
        addresses = left.pop(0) if len(left) > 1 else left[0]
        return [(0, 0, 0, "", (address, 0)) for address in addresses]


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Received(first.split(" ")[1], headers, body)
