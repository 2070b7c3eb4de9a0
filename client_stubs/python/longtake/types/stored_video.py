# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Generated videos. Their bytes stay on the server until you read or save them."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Protocol

from longtake._documents import Documented
from longtake._wording import shortened
from longtake.types.media import FileData, Video


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVideoFacts:
    """What the server says about a stored video. See the properties of StoredVideo."""

    name: str
    data: bytes | None = None
    mime_type: str | None = None
    file_data: FileData | None = None
    size_bytes: int | None = None
    sha256: str | None = None


class _Stored(Video, Documented):
    """A video with known facts, whose bytes may not have been fetched."""

    def __init__(self, facts: StoredVideoFacts) -> None:
        super().__init__(facts.data, facts.mime_type, None if facts.data else facts.file_data)
        self._facts = facts

    @property
    def name(self) -> str:
        """`operations/{id}/videos/{index}`."""
        return self._facts.name

    @property
    def size_bytes(self) -> int | None:
        """The size in bytes, or None if it is not known."""
        return self._facts.size_bytes

    @property
    def sha256(self) -> str | None:
        """The SHA-256 in hexadecimal digits, or None if it is not known."""
        return self._facts.sha256

    def __repr__(self) -> str:
        return f"{type(self).__name__}({shortened(self.name)}, size_bytes={self.size_bytes})"

    def _attribute_names(self) -> tuple[str, ...]:
        return "mime_type", "size_bytes", "sha256", "file_data"

    def _state(self) -> tuple[object, ...]:
        return self.name, self.size_bytes, self.sha256


class Downloads(Protocol):
    """Fetches stored videos and verifies their size and hash."""

    def read(self, facts: StoredVideoFacts, /) -> bytes:
        """Return the bytes. See `StoredVideo.data`."""
        ...

    def save(self, facts: StoredVideoFacts, path: str | PathLike[str], /) -> Path:
        """Write the bytes to a file. See `StoredVideo.save`."""
        ...


class AsyncDownloads(Protocol):
    """The same on an event loop."""

    async def read(self, facts: StoredVideoFacts, /) -> bytes:
        """Return the bytes. See `AsyncStoredVideo.read`."""
        ...

    async def save(self, facts: StoredVideoFacts, path: str | PathLike[str], /) -> Path:
        """Write the bytes to a file. See `StoredVideo.save`."""
        ...


class StoredVideo(_Stored):
    """A generated video. `data` and `save` fetch its bytes.

    It can be copied, and pickled for another process. Bytes that were fetched are part of the
    pickle. An unpickled video has no connection and raises RuntimeError where it needs others.
    """

    def __init__(self, facts: StoredVideoFacts, downloads: Downloads) -> None:
        super().__init__(facts)
        self._downloads = downloads

    @property
    def data(self) -> bytes:
        """The bytes, fetched when first read and then kept.

        Raises:
            ClientClosed: The client was closed before they were fetched.
            LongtakeError: They cannot be fetched, or are not those that the server stored.

        """
        return self.read()

    def read(self) -> bytes:
        """Return `data`. The asynchronous client has a method of this name, too."""
        if self._data is None:
            self._data = self._downloads.read(self._facts)
        return self._data

    def save(self, path: str | PathLike[str]) -> Path:
        """Stream the bytes to a file and return its path.

        The bytes go to a hidden part in the same folder, which gets the name only when it
        is complete and verified. Any failure removes the part and leaves an existing file
        as it was.

        A file that is replaced keeps its permissions; a new one gets those that the umask
        gives. A symbolic link stays in place: the file that it points to is replaced or
        created. A directory, named pipe, socket or device is refused before anything is
        fetched; to write to a pipe, write `data` to it.

        Raises:
            ClientClosed: The client was closed.
            LongtakeError: The bytes cannot be fetched, or are not those that the server stored.
            OSError: The file cannot be written, or `path` is not a regular file.
            TypeError: `path` is neither a string nor an os.PathLike.

        """
        return self._downloads.save(self._facts, path)


class AsyncStoredVideo(_Stored):
    """A generated video of the asynchronous client. `read` and `save` fetch its bytes.

    It can be copied and pickled like a StoredVideo.
    """

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
        """Return the bytes, fetched by the first call and then kept.

        Raises:
            ClientClosed: The client was closed before they were fetched.
            LongtakeError: They cannot be fetched, or are not those that the server stored.

        """
        if self._data is None:
            self._data = await self._downloads.read(self._facts)
        return self._data

    async def save(self, path: str | PathLike[str]) -> Path:
        """Stream the bytes to a file and return its path, exactly as `StoredVideo.save` does.

        Raises:
            ClientClosed: The client was closed.
            LongtakeError: The bytes cannot be fetched, or are not those that the server stored.
            OSError: The file cannot be written, or `path` is not a regular file.
            TypeError: `path` is neither a string nor an os.PathLike.

        """
        return await self._downloads.save(self._facts, path)
