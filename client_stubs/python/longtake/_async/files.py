# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`client.files`: google-genai's call that fetches a result."""

from __future__ import annotations

from contextlib import aclosing
from os import PathLike
from typing import Protocol

from longtake._async.downloads import AsyncDownloads
from longtake._async.transport import run_in_thread
from longtake._requests import video_name
from longtake.types import AsyncStoredVideo, GeneratedVideo
from longtake.types.stored_video import StoredVideoFacts


class Writable(Protocol):
    """Takes bytes, as a file that was opened for binary writing does."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


class AsyncFiles:
    """Downloads videos. `read` and `save` of a video do the same.

    Every method raises ClientClosed if the client was closed, and LongtakeError if the
    bytes cannot be fetched or are not those that the server stored.
    """

    def __init__(self, downloads: AsyncDownloads) -> None:
        self._downloads = downloads

    async def download(
        self,
        *,
        file: AsyncStoredVideo | GeneratedVideo[AsyncStoredVideo] | str,
        destination: str | PathLike[str] | Writable | None = None,
    ) -> bytes | None:
        """Return the bytes of a video, or write them to a destination and return None.

        Args:
            file: A generated video, or its name, `operations/{id}/videos/{index}`.
            destination: A path, which is written as by `StoredVideo.save`; or a file that is
                open for binary writing. Default: the bytes are returned, and the video
                keeps them.

        Raises:
            ValueError: `file` is not a video of the server.
            OSError: The destination cannot be written.

        """
        video = self._video(file)
        if destination is None:
            return await video.read()
        if isinstance(destination, str | PathLike):
            await video.save(destination)
            return None
        facts = StoredVideoFacts(name=video.name)
        async with aclosing(self._downloads.chunks(facts)) as chunks:
            async for chunk in chunks:
                await run_in_thread(destination.write, chunk)
        return None

    def _video(
        self, file: AsyncStoredVideo | GeneratedVideo[AsyncStoredVideo] | str
    ) -> AsyncStoredVideo:
        match file:
            case AsyncStoredVideo():
                return file
            case GeneratedVideo():
                return file.video
            case str():
                return AsyncStoredVideo(StoredVideoFacts(name=video_name(file)), self._downloads)
        raise ValueError(
            f"file: {type(file).__name__} is not accepted; it is a generated video or the name "
            "of one"
        )
