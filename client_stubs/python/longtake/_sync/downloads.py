# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
# Generated from _async/downloads.py by `make sync`. Do not edit.
"""Fetches the bytes of stored videos."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from longtake._downloading import Download
from longtake._process_bound import ProcessBound
from longtake._saving import PartialFile
from longtake._sync.transport import finish_in_thread, run_in_thread
from longtake.errors import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Generator
    from os import PathLike

    from longtake._sync.connection import Connection
    from longtake.types.stored_video import StoredVideoFacts


class Downloads(ProcessBound):
    """Streams stored videos, resumes broken streams and verifies what arrived.

    Every method raises ClientClosed if the client was closed, and LongtakeError if the
    bytes cannot be fetched or are not those that the server stored.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, facts: StoredVideoFacts, /) -> bytes:
        """Return the bytes of a video."""
        with closing(self.chunks(facts)) as chunks:
            return b"".join([chunk for chunk in chunks])

    def save(self, facts: StoredVideoFacts, path: str | PathLike[str], /) -> Path:
        """Stream a video to a file and return its path. See `StoredVideo.save`.

        Raises:
            OSError: The file cannot be written.

        """
        file = PartialFile(path)
        try:
            run_in_thread(file.open)
            with closing(self.chunks(facts)) as chunks:
                for chunk in chunks:
                    run_in_thread(file.write, chunk)
            run_in_thread(file.commit)
        finally:
            finish_in_thread(file.discard)
        return Path(path)

    def chunks(self, facts: StoredVideoFacts, /) -> Generator[bytes]:
        """Yield the bytes of a video in order."""
        download = Download(facts, self._connection.policy)
        while True:
            error: LongtakeError | None = None
            stub = self._connection.stub
            stream = self._connection.stream(stub.DownloadVideo, download.request())
            try:
                with closing(stream) as messages:
                    for message in messages:
                        if data := run_in_thread(download.receive, message):
                            yield data
            except LongtakeError as failure:
                error = failure
            if error is None and not download.lacks_bytes:
                download.verify()
                return
            self._connection.sleep(download.broke(error))
