# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What becomes of the connection when a value that holds it is copied or pickled.

A copy within the process shares the connection. A pickle leaves it behind: the value that
is unpickled still says everything that it knows, and an error where it needs the server.
"""

from __future__ import annotations

from os import PathLike
from typing import ClassVar, NoReturn, Self

from longtake._durations import Seconds
from longtake._pydantic import InstanceSchema
from longtake._watching import outcome_of
from longtake.types import (
    AsyncGenerateVideosOperation,
    AsyncStoredVideo,
    GenerateVideosOperation,
    GenerateVideosResponse,
)
from longtake.types.stored_video import StoredVideoFacts


class Disconnected:
    """Stands for the connection in values that were unpickled."""

    def result(
        self, operation: GenerateVideosOperation, /, timeout: Seconds | None = None
    ) -> GenerateVideosResponse:
        """Return what an operation made if it has ended.

        Raises:
            OperationFailed: The generation failed or was cancelled.
            RuntimeError: It has not ended, so the server is needed.

        """
        del timeout  # there is nothing to wait for
        if operation.done:
            return outcome_of(operation)
        raise _no_connection(operation.name, f"client.operations.result({operation.name!r})")

    def read(self, facts: StoredVideoFacts, /) -> NoReturn:
        """Refuse to fetch bytes, with RuntimeError."""
        raise _no_connection(facts.name, f"client.operations.video({facts.name!r})")

    def save(self, facts: StoredVideoFacts, _path: str | PathLike[str], /) -> NoReturn:
        """Refuse to fetch bytes, with RuntimeError."""
        raise _no_connection(facts.name, f"client.operations.video({facts.name!r})")


class AsyncDisconnected:
    """As Disconnected, for values of the asynchronous client."""

    async def result(
        self, operation: AsyncGenerateVideosOperation, /, timeout: Seconds | None = None
    ) -> GenerateVideosResponse[AsyncStoredVideo]:
        """Return what an operation made if it has ended. See Disconnected."""
        del timeout  # there is nothing to wait for
        if operation.done:
            return outcome_of(operation)
        raise _no_connection(operation.name, f"client.operations.result({operation.name!r})")

    async def read(self, facts: StoredVideoFacts, /) -> NoReturn:
        """Refuse to fetch bytes, with RuntimeError."""
        raise _no_connection(facts.name, f"client.operations.video({facts.name!r})")

    async def save(self, facts: StoredVideoFacts, _path: str | PathLike[str], /) -> NoReturn:
        """Refuse to fetch bytes, with RuntimeError."""
        raise _no_connection(facts.name, f"client.operations.video({facts.name!r})")


class _Shared:
    """Is never copied: a copy of what holds it holds the same connection."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self


class ProcessBound(_Shared):
    """Base of what holds a connection on behalf of a value. A pickle has a stand-in instead."""

    _stand_in: ClassVar[type] = Disconnected

    def __reduce__(self) -> tuple[type, tuple[()]]:
        return self._stand_in, ()


class AsyncProcessBound(ProcessBound):
    """As ProcessBound, for the asynchronous client."""

    _stand_in = AsyncDisconnected


class UnpicklableClient(_Shared, InstanceSchema):
    """Base of the clients, which refuse to be pickled."""

    def __reduce__(self) -> NoReturn:
        name = type(self).__name__
        raise TypeError(
            f"a {name} holds a connection and cannot be pickled: create a client in each process"
        )


def _no_connection(name: str, remedy: str) -> RuntimeError:
    return RuntimeError(
        f"{name} was unpickled, so it has no connection to a server: use `{remedy}`"
    )
