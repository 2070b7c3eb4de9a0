# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a generation made. Read-only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Generic

from typing_extensions import TypeVar

from longtake._documents import Documented
from longtake.types.stored_video import AsyncStoredVideo, StoredVideo

VideoT_co = TypeVar(
    "VideoT_co", bound=StoredVideo | AsyncStoredVideo, default=StoredVideo, covariant=True
)


@dataclass(frozen=True, slots=True)
class GeneratedVideo(Documented, Generic[VideoT_co]):
    """One generated video.

    Attributes:
        name: `operations/{id}/videos/{index}`.
        video: The video. Its bytes are fetched when they are first needed.
        generation_seed: The seed that made it, or None if it is not known.
    """

    name: str
    video: VideoT_co
    generation_seed: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class GenerateVideosResponse(Documented, Generic[VideoT_co]):
    """The result of a generation.

    Attributes:
        generated_videos: The videos; fewer than requested if some were withheld.
        rai_media_filtered_count: How many videos were withheld for usage guidelines.
        rai_media_filtered_reasons: Why, in the words of the upstream.
    """

    generated_videos: list[GeneratedVideo[VideoT_co]] = field(hash=False)
    rai_media_filtered_count: int = 0
    rai_media_filtered_reasons: list[str] = field(default_factory=list, hash=False)

    def __repr__(self) -> str:
        return (
            f"GenerateVideosResponse({len(self.generated_videos)} videos, "
            f"rai_media_filtered_count={self.rai_media_filtered_count})"
        )


class ResultSoFar(Generic[VideoT_co]):
    """google-genai's attribute `result`: the response of an operation, or something false.

    It has the attributes of GenerateVideosResponse. If there is no response, it is false, and
    its attributes raise AttributeError, as those of None do.
    """

    __slots__ = ("_name", "_response")

    def __init__(self, name: str, response: GenerateVideosResponse[VideoT_co] | None) -> None:
        self._name = name
        self._response = response

    @property
    def generated_videos(self) -> list[GeneratedVideo[VideoT_co]]:
        """See GenerateVideosResponse."""
        return self._present().generated_videos

    @property
    def rai_media_filtered_count(self) -> int:
        """See GenerateVideosResponse."""
        return self._present().rai_media_filtered_count

    @property
    def rai_media_filtered_reasons(self) -> list[str]:
        """See GenerateVideosResponse."""
        return self._present().rai_media_filtered_reasons

    def __bool__(self) -> bool:
        return self._response is not None

    def __repr__(self) -> str:
        return f"<result of {self._name}: {self._response!r}>"

    def _present(self) -> GenerateVideosResponse[VideoT_co]:
        if self._response is None:
            raise AttributeError(
                f"{self._name} has no response yet, or failed: call `result()` to wait for it"
            )
        return self._response


def without_connection(name: str) -> RuntimeError:
    """Return the error for an operation or a video that has no connection to a server."""
    return RuntimeError(
        f"{name} was made here, so it has no connection to a server: use "
        f"`client.operations.result({name!r})`"
    )
