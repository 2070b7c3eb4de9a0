# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A request is wrong, or does not suit what it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from longtake_server.errors.base import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class Violation:
    """A wrong field of a request.

    Attributes:
        field: The path of the field, for example `config.duration_seconds`.
        description: What is wrong and what is accepted.
    """

    field: str
    description: str


class InvalidRequest(LongtakeError):
    """Fields of the request are wrong. Holds all violations."""

    reason = "INVALID_FIELD"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        text = "; ".join(f"{one.field}: {one.description}" for one in self.violations)
        fields = ",".join(dict.fromkeys(one.field for one in self.violations))
        super().__init__(text, {"fields": fields})


class RequestIdReused(LongtakeError):
    """The request_id was used for a different request."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str, operation: str) -> None:
        super().__init__(
            f"request_id {request_id} was used for a different request, which created {operation}; "
            "use a new UUID for each new request",
            {"request_id": request_id, "operation": operation},
        )


class OffsetPastEnd(LongtakeError):
    """The offset of a download is outside the video."""

    reason = "OFFSET_PAST_END"

    def __init__(self, offset: int, size: int | None = None) -> None:
        if size is None:
            text = f"read_offset {offset} is negative: accepted are 0 to the size of the video"
            super().__init__(text, {"read_offset": str(offset)})
        else:
            super().__init__(
                f"read_offset {offset} is past the end: the video has {size} bytes, "
                f"accepted are 0 to {size}",
                {"read_offset": str(offset), "size_bytes": str(size)},
            )


class PositionError(LongtakeError):
    """A watch of all operations cannot resume after a position.

    Attributes:
        position: The position in the store. It counts the changes of all callers, so the metadata
            holds the caller's opaque token instead.
    """

    problem = ""

    def __init__(self, position: int, token: str = "") -> None:
        super().__init__(
            f"{self.problem}; watch again without it", {"position": token} if token else {}
        )
        self.position = position


class PositionExpired(PositionError):
    """Changes after the position are no longer kept."""

    reason = "POSITION_EXPIRED"
    problem = "changes after after_position are no longer kept"


class PositionAhead(PositionError):
    """The position is newer than the store, which was restored from a backup."""

    reason = "REVISION_AHEAD"
    problem = "after_position is newer than the store, which was restored from a backup"


class RevisionAhead(LongtakeError):
    """The revision is newer than the operation, whose store was restored from a backup."""

    reason = "REVISION_AHEAD"

    def __init__(self, given: int, newest: int) -> None:
        super().__init__(
            f"revision {given} is newer than the operation, which is at {newest}",
            {"revision": str(given), "newest": str(newest)},
        )


class RequestTooLarge(LongtakeError):
    """The request message is larger than the server accepts."""

    reason = "REQUEST_TOO_LARGE"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the request message has {size} bytes, accepted are at most {limit}; "
            "send large media as file_data",
            {"size_bytes": str(size), "max_bytes": str(limit)},
        )


class VideoTooLarge(LongtakeError):
    """The videos do not fit into one message."""

    reason = "VIDEO_TOO_LARGE"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"include_video_data: the videos have {size} bytes, accepted are at most {limit}; "
            "use DownloadVideo",
            {"size_bytes": str(size), "max_bytes": str(limit)},
        )


class ModelRetired(LongtakeError):
    """The model is retired: its upstream no longer serves it."""

    reason = "MODEL_RETIRED"

    def __init__(self, model: str, retirement_date: str, replacement: str) -> None:
        super().__init__(
            f"model {model} was retired on {retirement_date}; use {replacement}",
            {"model": model, "retirement_date": retirement_date, "replacement": replacement},
        )


class NotSupported(LongtakeError):
    """A call to the standard operations service uses a feature that is not supported."""

    reason = "NOT_SUPPORTED"

    def __init__(self, field: str, description: str) -> None:
        super().__init__(f"{field}: {description}", {"field": field})
