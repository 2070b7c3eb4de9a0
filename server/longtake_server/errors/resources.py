# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A resource that a request names is not available."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors.base import LongtakeError

if TYPE_CHECKING:
    from collections.abc import Mapping


class ResourceError(LongtakeError):
    """A named resource is not available. Always raised as one of the subclasses."""

    def __init__(
        self, resource: str, message: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        self.resource = resource
        super().__init__(message, {"resource": resource, **(metadata or {})})


class OperationNotFound(ResourceError):
    """The operation does not exist or belongs to another caller."""

    reason = "OPERATION_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} does not exist")


class OperationDeleted(ResourceError):
    """The operation was deleted by a caller."""

    reason = "OPERATION_DELETED"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} was deleted")


class OperationExpired(ResourceError):
    """The operation was removed at the end of its retention period."""

    reason = "OPERATION_EXPIRED"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} expired and was removed")


class VideoNotFound(ResourceError):
    """The operation has no video with this index."""

    reason = "VIDEO_NOT_FOUND"

    def __init__(self, name: str, count: int) -> None:
        accepted = f"indexes 0 to {count - 1}" if count else "no videos"
        super().__init__(
            name,
            f"{name} does not exist: the operation has {accepted}",
            {"videos": str(count)},
        )


class ModelNotFound(ResourceError):
    """The model does not exist."""

    reason = "MODEL_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} does not exist; call ListModels for the models that do")


class VideoNotReady(ResourceError):
    """The operation has not succeeded, so it has no videos."""

    reason = "VIDEO_NOT_READY"

    def __init__(self, name: str, state: str) -> None:
        super().__init__(
            name,
            f"{name} cannot be read: the operation is {state}, and only SUCCEEDED ones have videos",
            {"state": state},
        )


class VideoExpired(ResourceError):
    """The bytes of the video do not exist any more."""

    reason = "VIDEO_EXPIRED"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"the bytes of {name} do not exist any more")
