# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An HTTP server on a real socket that follows a script, including faulty responses."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence


@dataclass(frozen=True)
class Reply:
    """A response, or the fault in its place.

    Attributes:
        cut: Bytes of the body after which the connection is reset.
        reset: Whether the connection is reset instead of a response.
        stall: Whether the response never comes.
    """

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    stall: bool = False


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class ScriptedHttp:
    """Answers requests with the replies in order. A reply left over fails the test."""

    def __init__(self, replies: Sequence[Reply], reset_connections: int) -> None:
        self._replies = list(replies)
        self._reset_connections = reset_connections
        self._handlers: set[asyncio.Task[None]] = set()
        self.requests: list[Request] = []
        self.received = asyncio.Event()
        self.url = ""

    @property
    def left_over(self) -> int:
        return len(self._replies) + self._reset_connections

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._handlers.add(task)
        try:
            if self._reset_connections:
                self._reset_connections -= 1
                return
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                self.received.set()
                if not await self._answer(writer, self._replies.pop(0)):
                    return
        except (ConnectionError, asyncio.CancelledError):
            # The client disconnected, or the test is over.
            pass
        finally:
            writer.transport.abort()
            self._handlers.discard(task)

    async def _answer(self, writer: asyncio.StreamWriter, reply: Reply) -> bool:
        if reply.stall:
            await asyncio.Event().wait()
        if reply.reset:
            return False
        headers = {"content-length": str(len(reply.body)), **reply.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {reply.status} X\r\n{head}\r\n".encode())
        writer.write(reply.body[: reply.cut])
        await writer.drain()
        return reply.cut is None

    async def stop(self) -> None:
        for task in self._handlers:
            task.cancel()
        if self._handlers:
            await asyncio.wait(self._handlers)


@asynccontextmanager
async def scripted_http(*replies: Reply, reset_connections: int = 0) -> AsyncIterator[ScriptedHttp]:
    scripted = ScriptedHttp(replies, reset_connections)
    server = await asyncio.start_server(scripted.connected, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()
    scripted.url = f"http://{host}:{port}"
    try:
        yield scripted
        assert scripted.left_over == 0
    finally:
        server.close()
        await scripted.stop()


def json_reply(status: int, content: object, **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(content).encode(), named)


def error_reply(status: int, name: str, message: str, *details: object, **headers: str) -> Reply:
    """Return an error in Google's format."""
    error: dict[str, object] = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = list(details)
    return json_reply(status, {"error": error}, **headers)


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    method, path, _ = first.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)
