# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The server, its store or an upstream cannot serve a call now."""

from __future__ import annotations

from longtake_server.errors.base import LongtakeError


class TooManyRequestBytes(LongtakeError):
    """The requests in flight have reached the limit of the server in bytes.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "TOO_MANY_REQUEST_BYTES"

    def __init__(self, limit: int, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the requests in flight would exceed {limit} bytes, the server's limit for all of "
            "them; make the same call again later, or send large media as file_data",
            {"max_bytes": str(limit)},
        )


class TooManyWatches(LongtakeError):
    """The limit on watches of the server, or of the caller, is reached.

    Attributes:
        subject: The subject of the quota: all watches, or those of the caller.
    """

    reason = "TOO_MANY_WATCHES"

    def __init__(self, limit: int, *, of_caller: bool = False) -> None:
        self.subject = "watches of the caller" if of_caller else "watches"
        who, name = ("caller", "max_watches_per_caller") if of_caller else ("server", "max_watches")
        super().__init__(f"the {who} has {limit} watches, which is the limit", {name: str(limit)})


class ServerDraining(LongtakeError):
    """The server is shutting down. The same call succeeds after the restart.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "SERVER_DRAINING"

    def __init__(self, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__("the server is shutting down; make the same call again")


class ReaderTooSlow(LongtakeError):
    """The caller did not read from its stream for too long."""

    reason = "READER_TOO_SLOW"

    def __init__(self) -> None:
        super().__init__(
            "the stream was not read for too long; call again to resume after the last message"
        )


class StorageUnavailable(LongtakeError):
    """The store cannot be read or written. Nothing was changed, except by OutcomeUnknown.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "STORAGE_UNAVAILABLE"
    retry_after = 1.0

    def __init__(self, cause: str) -> None:
        super().__init__(f"the store is not available: {cause}", {"cause": cause})


class OutcomeUnknown(StorageUnavailable):
    """The answer of the store to a commit was lost. The change may have been made."""


class UpstreamUnavailable(LongtakeError):
    """The upstream cannot be reached, or is temporarily unavailable.

    Attributes:
        retry_after: The seconds that the upstream asked to wait, None if it did not.
    """

    reason = "UPSTREAM_UNAVAILABLE"

    def __init__(self, upstream: str, cause: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the upstream {upstream} is not available: {cause}",
            {"upstream": upstream, "cause": cause},
        )


class PublicUrlMissing(LongtakeError):
    """The server does not know the address at which callers reach its HTTP listener."""

    reason = "PUBLIC_URL_MISSING"

    def __init__(self, setting: str) -> None:
        super().__init__(
            f"the server has no address to sign; its operator has to set {setting}",
            {"setting": setting},
        )
