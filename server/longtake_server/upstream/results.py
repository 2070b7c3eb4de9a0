# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Steps that all adapters share: decode polls, keep results, refuse requests."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from longtake_server.operations.model import Code, Failure
from longtake_server.operations.upstream import Broken, Finished, Rejected
from longtake_server.upstream.answers import InlineVideo

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from longtake_server.errors import Violation
    from longtake_server.operations.model import StoredVideo
    from longtake_server.upstream.answers import Results
    from longtake_server.upstream.exchange import AnswerTooLarge
    from longtake_server.upstream.intake import Document

# Decoding a smaller answer takes less time than handing it to a thread.
_DECODED_AT_ONCE = 1 << 16

Decoded = TypeVar("Decoded")


async def decoded(
    decode: Callable[[Document, str], Decoded], answer: Document, upstream: str
) -> Decoded:
    """Decode an answer, in a thread if its JSON is large."""
    if len(answer.text) <= _DECODED_AT_ONCE:
        return decode(answer, upstream)
    return await asyncio.to_thread(decode, answer, upstream)


async def kept(results: Results) -> Finished:
    """Keep the inline videos in the sink that has received them. Raises StorageUnavailable."""
    videos: list[StoredVideo] = []
    for index, video in enumerate(results.videos):
        if isinstance(video, InlineVideo):
            video = await video.media.video.keep(index, video.mime_type)
        videos.append(video)
    return Finished(tuple(videos), results.filtered_count, results.filtered_reasons)


def refuse_unfit(violations: Sequence[Violation], upstream: str) -> None:
    """Raise Rejected if there are violations."""
    if violations:
        message = "; ".join(f"{one.field}: {one.description}" for one in violations)
        raise Rejected(
            Failure(Code.INVALID_ARGUMENT, "UPSTREAM_REJECTED", message, {"upstream": upstream})
        )


def not_ours(upstream_operation: str, upstream: str) -> Rejected:
    """Return the error for a name that is not one of the upstream's."""
    message = f"{upstream_operation} is not a generation of the upstream {upstream}"
    return Rejected(Failure(Code.ABORTED, "UPSTREAM_LOST", message, {"upstream": upstream}))


def too_large(error: AnswerTooLarge, upstream: str) -> Broken:
    """Return the failure of a generation whose inline videos are too large."""
    message = (
        f"the videos arrived inline, and {error}, which is the limit; "
        "set config.output_gcs_uri, or ask for fewer or smaller videos"
    )
    metadata = {"upstream": upstream, "max_bytes": str(error.limit)}
    return Broken(Failure(Code.INTERNAL, "RESULT_NOT_STORED", message, metadata))
