# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Follows interactions: as server-sent events, or up to an answer at the end.

The id of each event is its place. A stream that resumes after it gets every later event of the
end, and the newest state before it.
"""

from __future__ import annotations

import json
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from longtake_server.errors import (
    AuthenticationUnavailable,
    PublicUrlMissing,
    ResourceError,
    ServerDraining,
    StorageUnavailable,
    TooManyWatches,
)
from longtake_server.http.caller import caller_of
from longtake_server.http.google_wire import interactions_answers as answers
from longtake_server.http.google_wire.inline_json import write_json
from longtake_server.http.google_wire.interactions_errors import event_error
from longtake_server.http.google_wire.interactions_ids import Delivery
from longtake_server.operations.model import OperationRecord
from longtake_server.operations.results.addresses import Disposition

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from contextlib import AbstractAsyncContextManager

    from starlette.requests import Request

    from longtake_server.http.google_wire.interactions_ids import InteractionId, Place
    from longtake_server.http.parts import DoorParts
    from longtake_server.identity.principal import Principal
    from longtake_server.operations.results.download import Download

_GET = "longtake.v1.VideoService/GetOperation"
_WATCH = "/longtake.v1.VideoService/WatchOperation"
# A credential that was revoked ends its streams within 10 seconds, as in gRPC.
_HEARTBEAT_SECONDS = 8.0
_ADDRESSES = "addresses"
# A comment, which clients skip.
_STILL_OPEN = b":\n\n"
_END_OF_STREAM = b"event: done\ndata: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class Call:
    """A call that asks for an interaction.

    Attributes:
        request: The call, with its credential.
        principal: Who makes it.
        interaction: What it asks for.
    """

    request: Request
    principal: Principal
    interaction: InteractionId


class InteractionStreams:
    """Writes interactions and their events.

    Args:
        parts: The parts of the listener.

    """

    def __init__(self, parts: DoorParts) -> None:
        self._parts = parts

    async def events(
        self, call: Call, record: OperationRecord, after: Place | None
    ) -> AsyncGenerator[bytes]:
        """Yield the events of an interaction up to its end, as server-sent events.

        Args:
            call: The call.
            record: A state of the operation.
            after: The place of the last event that the caller has, None for all events.

        Raises as VideoOperations.watch and VideoOperations.download, and as `caller_of` once the
        credential admits no longer. Then the caller resumes after the last event.

        """
        if after is None:
            yield _block(answers.created_event(record, call.interaction))
        try:
            async with aclosing(self._states(call, after.revision if after else 0)) as states:
                async for state in states:
                    if state is None:
                        yield _STILL_OPEN
                    elif state.done:
                        async with aclosing(self._end(call, state, after)) as blocks:
                            async for block in blocks:
                                yield block
                    else:
                        yield _block(answers.status_event(state, call.interaction))
        except ResourceError as error:
            # It was deleted, or the bytes of its video are gone: no later call finds more.
            yield _block({"event_type": "error", "error": event_error(error)})
        yield _END_OF_STREAM

    async def at_end(self, call: Call, record: OperationRecord) -> AsyncGenerator[bytes]:
        """Yield the JSON of an interaction once it has ended, with white space before it.

        The answer must not fail once the operation exists: Google's SDKs would send the request
        again and start another generation. So where it cannot be watched, the interaction is
        answered as it is, in progress.

        Args:
            call: The call.
            record: The operation as it was created.

        Raises as VideoOperations.download, and as `caller_of`.

        """
        with suppress(ServerDraining, StorageUnavailable, TooManyWatches):
            async with aclosing(self._states(call, 0)) as states:
                async for state in states:
                    if state is None:
                        yield b"\n"
                    else:
                        record = state
        async with aclosing(await self.whole(call, record)) as texts:
            async for text in texts:
                yield text

    async def whole(self, call: Call, record: OperationRecord) -> AsyncGenerator[bytes]:
        """Return the JSON of an interaction as it is, in parts. See write_json."""
        addresses = await self._addresses(call, record)
        return write_json(answers.whole(record, call.interaction, addresses), self._opener(call))

    async def _states(
        self, call: Call, after_revision: int
    ) -> AsyncGenerator[OperationRecord | None]:
        """Yield the states of the operation up to its end, and None if there is no new one."""
        watch = await self._parts.service.watch(
            call.interaction.operation, call.principal, after_revision, _HEARTBEAT_SECONDS
        )
        async with aclosing(watch):
            async for news in watch:
                with suppress(AuthenticationUnavailable):
                    await caller_of(call.request, self._parts, _WATCH)
                yield news if isinstance(news, OperationRecord) else None

    async def _end(
        self, call: Call, record: OperationRecord, after: Place | None
    ) -> AsyncGenerator[bytes]:
        addresses = await self._addresses(call, record)
        for place, event in answers.end_events(record, call.interaction, addresses):
            if after is not None and after.is_end and place.number <= after.number:
                continue
            before = _before(event["event_type"])
            async with aclosing(write_json(event, self._opener(call), before=before)) as texts:
                yield await anext(texts)
                try:
                    async for text in texts:
                        yield text
                except ResourceError as error:
                    # The event has begun, so no other can follow it.
                    raise StorageUnavailable(str(error)) from error
            yield b"\n\n"

    async def _addresses(self, call: Call, record: OperationRecord) -> list[str | None]:
        """Return the address of each video, None for one that is put inline."""
        addresses: list[str | None] = []
        for index, video in enumerate(record.videos):
            if video.in_callers_bucket:
                addresses.append(video.location)
            elif self._is_by_address(call):
                addresses.append(await self._signed(call, index))
            else:
                addresses.append(None)
        return addresses

    def _is_by_address(self, call: Call) -> bool:
        """Return whether a video is told by its address: as the creating call asked, or by key."""
        delivery = call.interaction.delivery
        if delivery is Delivery.BY_SETTING:
            preferred = call.principal.google_results or self._parts.settings.google_results
            return preferred == _ADDRESSES
        return delivery is Delivery.URI

    async def _signed(self, call: Call, index: int) -> str | None:
        """Return an address that works without a credential, None if none can be signed.

        The video is inline then, as it may be at Google: otherwise it would be out of reach.
        """
        try:
            address = await self._parts.service.create_video_url(
                call.interaction.operation, call.principal, index, None, Disposition.INLINE
            )
        except PublicUrlMissing:
            return None
        return address.url

    def _opener(self, call: Call) -> Callable[[int], AbstractAsyncContextManager[Download]]:
        @asynccontextmanager
        async def opened(index: int) -> AsyncGenerator[Download]:
            async with self._parts.service.download(
                call.interaction.operation, call.principal, index, 0, None
            ) as download:
                yield download
                self._parts.telemetry.video_sent(_GET, download.size_bytes)

        return opened


def _before(event_type: str) -> bytes:
    return f"event: {event_type}\ndata: ".encode()


def _block(event: dict[str, Any]) -> bytes:
    text = json.dumps(event, separators=(",", ":"))
    return _before(event["event_type"]) + f"{text}\n\n".encode()
