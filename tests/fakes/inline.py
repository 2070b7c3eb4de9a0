# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Inline media in memory: what an adapter writes to its sink, and answers read without sockets."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from longtake_server.operations.model import StoredVideo
from longtake_server.upstream import answers, interactions_answers
from longtake_server.upstream.http_client import HttpConfig
from longtake_server.upstream.intake import Document, InlineMedia, Intakes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterable

    from longtake_server.operations.upstream import Broken, Running
    from longtake_server.upstream.answers import Results

_T = TypeVar("_T")


@dataclass
class MemoryVideo:
    """Implements operations.upstream.IncomingVideo."""

    data: bytearray
    is_finished: bool = True
    keep_as: Callable[[int, bytes], str] | None = field(default=None, compare=False)
    is_kept: bool = field(default=False, compare=False)

    async def write(self, data: bytes) -> None:
        assert not self.is_finished
        self.data += data

    async def finish(self) -> None:
        assert not self.is_finished
        self.is_finished = True

    async def keep(self, index: int, mime_type: str) -> StoredVideo:
        assert self.is_finished
        assert self.keep_as is not None
        self.is_kept = True
        location = self.keep_as(index, bytes(self.data))
        return StoredVideo(location, mime_type, len(self.data))


class MemorySink:
    """Implements operations.upstream.ResultSink.

    Attributes:
        stored: The videos that were kept, by operation and index.
        removed: What was written and not kept.
    """

    def __init__(self) -> None:
        self.stored: dict[tuple[str, int], bytes] = {}
        self.removed: list[bytes] = []

    @asynccontextmanager
    async def receive(self, operation: str) -> AsyncIterator[MemoryVideo]:
        def keep_as(index: int, data: bytes) -> str:
            self.stored[operation, index] = data
            return f"{operation}/{index}"

        video = MemoryVideo(bytearray(), is_finished=False, keep_as=keep_as)
        try:
            yield video
        finally:
            if not video.is_kept:
                self.removed.append(bytes(video.data))


def inline(data: bytes) -> InlineMedia:
    """Return a medium that has arrived."""
    return InlineMedia(MemoryVideo(bytearray(data)), len(data))


def received(pieces: Iterable[bytes], member: str) -> Document:
    """Read an answer that arrives in these pieces."""

    async def stream() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    async def read() -> Document:
        intakes = Intakes(HttpConfig(), MemorySink(), member)
        async with intakes.begin("operations/0193") as intake:
            return await intake.read(stream())

    return _finished(read())


def decoded(body: bytes, upstream: str) -> Running | Results | Broken:
    """Return what an answer of the Agent Platform to a poll says."""
    return answers.decode_poll(received([body], answers.INLINE), upstream)


def decoded_interaction(body: bytes, upstream: str) -> Running | Results | Broken:
    """Return what an answer of the Interactions API to a poll says."""
    return interactions_answers.decode_poll(received([body], interactions_answers.INLINE), upstream)


def data_of(media: InlineMedia) -> bytes:
    """Return the bytes of a medium that has arrived in memory."""
    assert isinstance(media.video, MemoryVideo)
    return bytes(media.video.data)


def _finished(work: Coroutine[object, None, _T]) -> _T:
    """Return the result of work that waits for nothing but its turn, without an event loop."""
    while True:
        try:
            waited_for = work.send(None)
        except StopIteration as done:
            result: _T = done.value
            return result
        assert waited_for is None, "it waited, although everything is in memory"
