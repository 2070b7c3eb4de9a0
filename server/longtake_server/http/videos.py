# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves signed addresses of videos: GET and HEAD, whole or in parts.

An address that does not admit gets one and the same response, whatever is wrong with it.
"""

from __future__ import annotations

import base64
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from longtake_server.errors import (
    AuthenticationUnavailable,
    LongtakeError,
    NotAuthenticated,
    ResourceError,
)
from longtake_server.http.fairness import Readers, TooManyReaders
from longtake_server.http.observation import note_principal
from longtake_server.http.ranges import Part, RangeUnsatisfiable, is_current, is_held, part_of
from longtake_server.http.signed import ROUTE, AddressRefused, read
from longtake_server.http.streaming import Stream
from longtake_server.identity.principal import Principal, Role
from longtake_server.operations.results.addresses import Disposition
from longtake_server.operations.results.download import video_of
from longtake_server.rpc.observation import name_operation

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from starlette.requests import Request
    from starlette.routing import BaseRoute

    from longtake_server.http.parts import DoorParts
    from longtake_server.operations.model import StoredVideo
    from longtake_server.operations.results.addresses import VideoGrant

_METHOD = f"GET {ROUTE}"
_SECONDS_BETWEEN_CHECKS = 3.0
_RETRY_AFTER_SECONDS = "1"
# Half of all connections of the listener.
_MOST_READERS = 500
# A redirect outlives neither the address nor, by much, a revocation.
_LONGEST_REDIRECT_SECONDS = 3600
_COMMON = {
    "cache-control": "private",
    # The address is a secret, which a page must not tell other sites.
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    # Whoever has the address may read it, and no cookie counts.
    "access-control-allow-origin": "*",
    "access-control-expose-headers": "accept-ranges, content-length, content-range, etag",
    "cross-origin-resource-policy": "cross-origin",
}


def routes(parts: DoorParts) -> list[BaseRoute]:
    """Return the routes of signed addresses."""
    readers = Readers(_MOST_READERS)
    return [Route(ROUTE, partial(_answer, parts, readers), methods=["GET"])]


async def _answer(parts: DoorParts, readers: Readers, request: Request) -> Response:
    try:
        return await _video(parts, readers, request)
    except (AddressRefused, NotAuthenticated):
        return _refused(403, "this address does not work, or no longer")
    except ResourceError:
        return _refused(404, "this video does not exist, or no longer")
    except TooManyReaders:
        return _later(429, "too many read videos of this owner now; try again")
    except LongtakeError:
        return _later(503, "this video cannot be read now; try again")


async def _video(parts: DoorParts, readers: Readers, request: Request) -> Response:
    path = request.path_params
    address = read(path["operation"], path["file"], request.query_params.multi_items())
    grant = await parts.signer.grant(address)
    name_operation(grant.operation)
    principal = await _holder(parts, grant)
    note_principal(principal)
    record = await parts.service.get(grant.operation, principal)
    video = video_of(record, grant.index)
    if redirect := await _redirect(parts, grant, principal):
        return redirect
    async with AsyncExitStack() as held:
        held.enter_context(readers.one(grant.principal))
        return await _sent(parts, request, grant, principal, video, held)


async def _holder(parts: DoorParts, grant: VideoGrant) -> Principal:
    """Return who gave the grant, as far as the grant goes.

    Raises:
        NotAuthenticated, AuthenticationUnavailable: Its API key is not admitted now.

    """
    if grant.key_id:
        return await parts.authenticator.holder(grant.key_id)
    # It could see the video when it gave the grant, perhaps as one who sees all.
    return Principal(grant.principal, frozenset({Role.READER}))


async def _redirect(parts: DoorParts, grant: VideoGrant, principal: Principal) -> Response | None:
    """Return a redirect to the store of the video, if the operator wants that and it can be."""
    # The bucket knows nothing of names of files.
    if not parts.settings.redirects or grant.disposition is not Disposition.INLINE:
        return None
    left = (grant.expire_time - parts.clock.now()).total_seconds()
    seconds = max(1, min(int(left), _LONGEST_REDIRECT_SECONDS))
    url = await parts.service.store_address(grant.operation, principal, grant.index, seconds)
    if url is None:
        return None
    return RedirectResponse(url, 302, headers={**_COMMON, "cache-control": "private, no-store"})


async def _sent(
    parts: DoorParts,
    request: Request,
    grant: VideoGrant,
    principal: Principal,
    video: StoredVideo,
    held: AsyncExitStack,
) -> Response:
    """Return the video, or the part of it that the request asks for.

    If the response is a stream, it takes over what is held.
    """
    reading = partial(parts.service.download, grant.operation, principal, grant.index)
    size = video.size_bytes
    if size is None:
        async with reading(0, 1) as download:
            size = download.size_bytes
    tags = _tags(grant, video)
    headers = {**_COMMON, **_headers(grant, video, tags[0])}
    if is_held(request.headers.get("if-none-match"), tags):
        return Response(status_code=304, headers=headers)
    try:
        part = _part(request, size, tags)
    except RangeUnsatisfiable:
        headers |= {"content-range": f"bytes */{size}", "content-length": "0"}
        return Response(status_code=416, headers=headers)
    first, end = (0, size) if part is None else (part.first, part.end)
    headers |= {"content-length": str(end - first), "content-type": _content_type(video)}
    if part is not None:
        headers["content-range"] = part.content_range(size)
    status = 200 if part is None else 206
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    limit = None if part is None else end - first
    download = await held.enter_async_context(reading(first, limit))
    chunks = _admitted(parts, grant, download.chunks)
    return Stream(chunks, held.pop_all(), status, headers, parts.settings.send_timeout_seconds)


def _part(request: Request, size: int, tags: tuple[str, ...]) -> Part | None:
    # Range is defined for GET alone.
    if request.method != "GET" or not is_current(request.headers.get("if-range"), tags):
        return None
    return part_of(request.headers.get("range"), size)


async def _admitted(
    parts: DoorParts, grant: VideoGrant, chunks: AsyncIterator[bytes]
) -> AsyncGenerator[bytes]:
    """Yield the chunks of a video as long as the operation and the key of its grant exist.

    Raises:
        LongtakeError: One of them does not exist any more.

    """
    checked = parts.clock.monotonic()
    async for chunk in chunks:
        yield chunk
        parts.telemetry.video_sent(_METHOD, len(chunk))
        if (now := parts.clock.monotonic()) - checked > _SECONDS_BETWEEN_CHECKS:
            checked = now
            try:
                await parts.service.get(grant.operation, await _holder(parts, grant))
            except AuthenticationUnavailable:
                continue


def _tags(grant: VideoGrant, video: StoredVideo) -> tuple[str, ...]:
    """Return the entity tags of a video, the current one first.

    The bytes behind a name never change, so before the digest is known the name will do, and it
    stays valid for those who resume.
    """
    named = f'"{grant.operation.removeprefix("operations/")}.{grant.index}"'
    return (f'"{video.sha256}"', named) if video.sha256 else (named,)


def _headers(grant: VideoGrant, video: StoredVideo, tag: str) -> dict[str, str]:
    identifier = grant.operation.removeprefix("operations/")
    file = f"{identifier}-{grant.index}.{video.mime_type.partition('/')[2] or 'mp4'}"
    headers = {
        "accept-ranges": "bytes",
        "etag": tag,
        "content-disposition": f'{grant.disposition.value}; filename="{file}"',
    }
    if video.sha256:
        digest = base64.b64encode(bytes.fromhex(video.sha256)).decode()
        headers["repr-digest"] = f"sha-256=:{digest}:"
    return headers


def _content_type(video: StoredVideo) -> str:
    # The upstream names the type. A browser must not run what it gets.
    is_video = video.mime_type.startswith("video/")
    return video.mime_type if is_video else "application/octet-stream"


def _later(status: int, text: str) -> Response:
    refused = _refused(status, text)
    refused.headers["retry-after"] = _RETRY_AFTER_SECONDS
    return refused


def _refused(status: int, text: str) -> Response:
    headers = {**_COMMON, "cache-control": "no-store"}
    return Response(f"{text}\n", status, headers, "text/plain")
