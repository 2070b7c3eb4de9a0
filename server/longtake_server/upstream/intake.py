# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads answers as streams: inline media go to the sink as they arrive, only the rest is held."""

from __future__ import annotations

import asyncio
import binascii
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longtake_server.operations.upstream import OutcomeUnknown
from longtake_server.upstream.exchange import AnswerTooLarge
from longtake_server.upstream.json_media import Base64Decoder, MediaSplitter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from types import TracebackType
    from typing import Self

    from longtake_server.operations.upstream import IncomingVideo, ResultSink
    from longtake_server.upstream.http_client import HttpConfig
    from longtake_server.upstream.json_media import MediaPart

# An intake holds about 3 MiB, and 10 MiB more if the media store is not a folder. More of them at
# once would not be faster, because the event loop decodes for all.
_AT_ONCE = 8
# Each has a file of its own.
_MOST_MEDIA = 256


@dataclass(frozen=True, slots=True)
class Document:
    """An answer that has been read.

    Attributes:
        text: The JSON, with the number of each inline medium in its place.
        media: The inline media by number.
    """

    text: bytes
    media: Mapping[str, InlineMedia]


@dataclass(slots=True)
class InlineMedia:
    """A medium that arrived inline.

    Attributes:
        video: What has been written to the sink. Not kept yet.
        size_bytes: The bytes so far.
        is_base64: Whether all of it was base64. If not, nothing of it may be used.
    """

    video: IncomingVideo
    size_bytes: int = 0
    is_base64: bool = True
    _decoder: Base64Decoder = field(default_factory=Base64Decoder, compare=False, repr=False)

    def decode(self, part: MediaPart) -> bytes:
        """Return the bytes of the next part, or none from where it is not base64."""
        if not self.is_base64:
            return b""
        try:
            data = self._decoder.feed(part.content)
            if part.is_last:
                data += self._decoder.finish()
        except binascii.Error:
            # It may be a medium that nobody asked for, so this is no fault yet.
            self.is_base64 = False
            return b""
        self.size_bytes += len(data)
        return data


class Intakes:
    """Begins intakes, and limits how many hold media at the same time.

    Args:
        config: The limits of an answer.
        sink: Receives the media.
        member: The name of the JSON member that contains media.

    """

    def __init__(self, config: HttpConfig, sink: ResultSink, member: str) -> None:
        self._config = config
        self._sink = sink
        self._member = member
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._turn = asyncio.Lock()

    def begin(self, operation: str) -> Intake:
        """Return the intake of one answer, as a context manager."""
        return Intake(self._config, self._sink, self._member, self._free, self._turn, operation)

    async def text_alone(self, pieces: AsyncIterator[bytes]) -> bytes:
        """Read an answer whose media are not wanted. Raises AnswerTooLarge, OutcomeUnknown."""
        splitter = MediaSplitter(self._member)
        async for piece in pieces:
            for _ in splitter.feed(piece):
                pass
            _limit(splitter.held_bytes, self._config.max_body_bytes)
        splitter.close()
        return bytes(splitter.text)


class Intake:
    """Reads one answer. When the block ends, media that were not kept are removed."""

    def __init__(
        self,
        config: HttpConfig,
        sink: ResultSink,
        member: str,
        free: asyncio.Semaphore,
        turn: asyncio.Lock,
        operation: str,
    ) -> None:
        self._config = config
        self._sink = sink
        self._free = free
        self._turn = turn
        self._operation = operation
        self._splitter = MediaSplitter(member)
        self._media: dict[str, InlineMedia] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        """Begin. Nothing is held until media arrive."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not kept."""
        await self._open.__aexit__(kind, error, trace)

    async def read(self, pieces: AsyncIterator[bytes]) -> Document:
        """Read the answer.

        Raises:
            AnswerTooLarge: Its JSON or its media exceed a limit.
            OutcomeUnknown: It is not JSON.
            StorageUnavailable: The sink failed.

        """
        splitter = self._splitter
        read_bytes = 0
        async for piece in pieces:
            read_bytes += len(piece)
            for part in splitter.feed(piece):
                await self._add(part, await self._medium(part.number))
            _limit(splitter.held_bytes, self._config.max_body_bytes)
            _limit(read_bytes, self._config.max_answer_bytes)
        splitter.close()
        return Document(bytes(splitter.text), self._media)

    async def _add(self, part: MediaPart, medium: InlineMedia) -> None:
        async with self._turn:
            data = medium.decode(part)
            # However many answers arrive, other tasks wait for one piece at a time.
            await asyncio.sleep(0)
        await medium.video.write(data)
        if part.is_last and medium.is_base64:
            await medium.video.finish()

    async def _medium(self, number: int) -> InlineMedia:
        medium = self._media.get(str(number))
        if medium is None:
            if number == 0:
                await self._open.enter_async_context(self._free)
            if number == _MOST_MEDIA:
                raise OutcomeUnknown(f"the upstream answered with more than {_MOST_MEDIA} media")
            video = await self._open.enter_async_context(self._sink.receive(self._operation))
            medium = self._media[str(number)] = InlineMedia(video)
        return medium


def _limit(size: int, limit: int) -> None:
    if size > limit:
        raise AnswerTooLarge(limit)
