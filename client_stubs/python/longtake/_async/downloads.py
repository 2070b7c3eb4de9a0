# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Fetches the bytes of stored videos."""

from __future__ import annotations

from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING

from longtake._async.transport import finish_in_thread, run_in_thread
from longtake._downloading import Download
from longtake._process_bound import AsyncProcessBound
from longtake._saving import PartialFile
from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator
    from os import PathLike

    from longtake._async.connection import AsyncConnection
    from longtake.types.stored_video import StoredVideoFacts


class AsyncDownloads(AsyncProcessBound):
    """Streams stored videos, resumes broken streams and verifies what arrived.

    Every method raises ClientClosed if the client was closed, and LongtakeError if the
    bytes cannot be fetched or are not those that the server stored.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(self, facts: StoredVideoFacts, /) -> bytes:
        """Return the bytes of a video."""
        async with aclosing(self.chunks(facts)) as chunks:
            return b"".join([chunk async for chunk in chunks])

    async def save(self, facts: StoredVideoFacts, path: str | PathLike[str], /) -> Path:
        """Stream a video to a file and return its path. See `StoredVideo.save`.

        Raises:
            OSError: The file cannot be written.

        """
        file = PartialFile(path)
        try:
            await run_in_thread(file.open)
            async with aclosing(self.chunks(facts)) as chunks:
                async for chunk in chunks:
                    await run_in_thread(file.write, chunk)
            await run_in_thread(file.commit)
        finally:
            await finish_in_thread(file.discard)
        return Path(path)

    async def chunks(self, facts: StoredVideoFacts, /) -> AsyncGenerator[bytes]:
        """Yield the bytes of a video in order."""
        download = Download(facts, self._connection.policy)
        while True:
            error: LongtakeError | None = None
            stub = self._connection.stub
            stream = self._connection.stream(stub.DownloadVideo, download.request())
            try:
                async with aclosing(stream) as messages:
                    async for message in messages:
                        if data := await run_in_thread(download.receive, message):
                            yield data
            except LongtakeError as failure:
                error = failure
            if error is None and not download.lacks_bytes:
                download.verify()
                return
            await self._connection.sleep(download.broke(error))
