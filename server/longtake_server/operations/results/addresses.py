# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Creates addresses of videos that work without a credential, for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from longtake_server.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from datetime import datetime

    from longtake_server.clock import Clock
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.model import StoredVideo

_DEFAULT_SECONDS = 3600


class Disposition(Enum):
    """What a browser does with a video. The values are those of Content-Disposition."""

    INLINE = "inline"
    ATTACHMENT = "attachment"


@dataclass(frozen=True, slots=True)
class VideoGrant:
    """The leave to read one video without a credential.

    Attributes:
        operation: The name of the operation.
        index: The index of the video.
        principal: The id of the principal that gave it.
        key_id: The id of the principal's API key, empty for another credential.
        expire_time: When it ends, in whole seconds.
        disposition: What a browser does with the video.
    """

    operation: str
    index: int
    principal: str
    key_id: str
    expire_time: datetime
    disposition: Disposition


class AddressSigner(Protocol):
    """Turns grants into addresses."""

    async def address(self, grant: VideoGrant, mime_type: str) -> str:
        """Return the address of a grant.

        Args:
            grant: The grant.
            mime_type: The media type of the video.

        Raises:
            PublicUrlMissing: The server does not know where callers reach it.
            StorageUnavailable: The keys that sign cannot be read.

        """


@dataclass(frozen=True, slots=True)
class VideoAddress:
    """The address of a video.

    Attributes:
        url: The address, a secret.
        expire_time: When it stops working.
    """

    url: str
    expire_time: datetime

    def __repr__(self) -> str:
        return f"VideoAddress(expire_time={self.expire_time!r})"


class VideoAddresses:
    """Creates addresses of videos.

    Args:
        signer: Signs them.
        clock: Time.
        longest_seconds: The longest lifetime.

    """

    def __init__(self, signer: AddressSigner, clock: Clock, longest_seconds: int) -> None:
        self._signer = signer
        self._clock = clock
        self._longest = longest_seconds

    async def create(
        self,
        video: StoredVideo,
        name: tuple[str, int],
        principal: Principal,
        lifetime_seconds: int | None,
        disposition: Disposition,
    ) -> VideoAddress:
        """Return an address of a video.

        Args:
            video: The video.
            name: Its operation's name and its index.
            principal: Who gives leave to read it.
            lifetime_seconds: How long the address works, None for the default.
            disposition: What a browser does with the video.

        Raises:
            InvalidRequest: The lifetime is longer than the server accepts, or no time.

        Raises also as AddressSigner.address.

        """
        seconds = self._lifetime(lifetime_seconds)
        expire_time = self._clock.now().replace(microsecond=0) + timedelta(seconds=seconds)
        grant = VideoGrant(*name, principal.id, principal.key_id, expire_time, disposition)
        return VideoAddress(await self._signer.address(grant, video.mime_type), expire_time)

    def _lifetime(self, seconds: int | None) -> int:
        if seconds is None:
            return min(_DEFAULT_SECONDS, self._longest)
        if not 1 <= seconds <= self._longest:
            accepted = f"accepted are 1 to {self._longest} seconds"
            raise InvalidRequest([Violation("lifetime", f"it is {seconds} seconds; {accepted}")])
        return seconds
