# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Videos that a generation made: their bytes stay at the server until they are asked for."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from longtake.types.media import Video
from longtake.types.partial_file import PartialFile

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator
    from os import PathLike
    from pathlib import Path

    from longtake.types.media import FileData


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVideoFacts:
    """What the server tells of a stored video. See the attributes of StoredVideo."""

    name: str
    data: bytes | None = None
    mime_type: str | None = None
    file_data: FileData | None = None
    size_bytes: int | None = None
    sha256: str | None = None


class _Stored(Video):
    """A result of which the facts are known, and maybe not the bytes."""

    def __init__(self, facts: StoredVideoFacts) -> None:
        super().__init__(facts.data, facts.mime_type, None if facts.data else facts.file_data)
        self._facts = facts

    @property
    def name(self) -> str:
        """`operations/{id}/videos/{index}`."""
        return self._facts.name

    @property
    def size_bytes(self) -> int | None:
        """The size, or None until it is known."""
        return self._facts.size_bytes

    @property
    def sha256(self) -> str | None:
        """The SHA-256 in hexadecimal digits, or None until it is known."""
        return self._facts.sha256

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, size_bytes={self.size_bytes})"

    def _state(self) -> tuple[object, ...]:
        return self.name, self.size_bytes, self.sha256


class Downloads(Protocol):
    """Streams a stored video, checked against its size and hash."""

    def chunks(self, video: StoredVideoFacts, /) -> Generator[bytes]:
        """Yield the bytes in order. Raises LongtakeError."""
        ...


class AsyncDownloads(Protocol):
    """As Downloads, on an event loop."""

    def chunks(self, video: StoredVideoFacts, /) -> AsyncGenerator[bytes]:
        """Yield the bytes in order. Raises LongtakeError."""
        ...


class StoredVideo(_Stored):
    """A generated video. Its bytes are fetched when `data` is first read, or by `save`."""

    def __init__(self, facts: StoredVideoFacts, downloads: Downloads) -> None:
        super().__init__(facts)
        self._downloads = downloads

    @property
    def data(self) -> bytes:
        """The bytes, fetched when first read.

        Raises:
            LongtakeError: They cannot be fetched, or are not those that were stored.

        """
        if self._data is None:
            with closing(self._downloads.chunks(self._facts)) as chunks:
                self._data = b"".join(chunks)
        return self._data

    def save(self, path: str | PathLike[str]) -> Path:
        """Stream the bytes to a file and return its path.

        The bytes go to a part beside it, which takes the name only when it is whole.

        Raises:
            LongtakeError: They cannot be fetched, or are not those that were stored.
            OSError: The file cannot be written.

        """
        with PartialFile(path) as file, closing(self._downloads.chunks(self._facts)) as chunks:
            for chunk in chunks:
                file.write(chunk)
            return file.commit()


class AsyncStoredVideo(_Stored):
    """A generated video of the asynchronous client. Its bytes are fetched by `read` or `save`."""

    def __init__(self, facts: StoredVideoFacts, downloads: AsyncDownloads) -> None:
        super().__init__(facts)
        self._downloads = downloads

    @property
    def data(self) -> bytes:
        """The bytes, once `read` has fetched them.

        Raises:
            RuntimeError: They have not been fetched.

        """
        if self._data is None:
            raise RuntimeError(
                f"the bytes of {self.name} have not been fetched: use `await video.read()`, "
                "or `await video.save(path)`"
            )
        return self._data

    async def read(self) -> bytes:
        """Return the bytes, fetched once.

        Raises:
            LongtakeError: They cannot be fetched, or are not those that were stored.

        """
        if self._data is None:
            async with aclosing(self._downloads.chunks(self._facts)) as chunks:
                self._data = b"".join([chunk async for chunk in chunks])
        return self._data

    async def save(self, path: str | PathLike[str]) -> Path:
        """Stream the bytes to a file and return its path, as `StoredVideo.save` does.

        Raises:
            LongtakeError: They cannot be fetched, or are not those that were stored.
            OSError: The file cannot be written.

        """
        file = PartialFile(path)
        try:
            await asyncio.to_thread(file.open)
            async with aclosing(self._downloads.chunks(self._facts)) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(file.write, chunk)
            return await asyncio.to_thread(file.commit)
        finally:
            await asyncio.shield(asyncio.to_thread(file.discard))
