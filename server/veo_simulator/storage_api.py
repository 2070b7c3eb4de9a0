# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The part of Cloud Storage's JSON API that reads and writes objects."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from veo_simulator.authentication import authenticate
from veo_simulator.disk import storing
from veo_simulator.downloads import ranged
from veo_simulator.errors import GoogleError, Violation, invalid

if TYPE_CHECKING:
    from starlette.requests import Request

    from veo_simulator.bucket import Buckets, StoredObject
    from veo_simulator.counting import Counts

MOST_UPLOADED_BYTES = 512 << 20
_BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}")


class StorageApi:
    """Serves objects, whole or a range of them."""

    def __init__(self, buckets: Buckets, counts: Counts) -> None:
        self._buckets = buckets
        self._counts = counts

    def routes(self) -> list[Route]:
        """Return the routes, with Google's paths."""
        return [
            Route("/storage/v1/b/{bucket}/o/{name:path}", self.read, methods=["GET"]),
            Route("/upload/storage/v1/b/{bucket}/o", self.write, methods=["POST"]),
        ]

    async def read(self, request: Request) -> Response:
        """Return an object's bytes with alt=media, else its description."""
        authenticate(request)
        bucket, name = _bucket(request), request.path_params["name"]
        found = await asyncio.to_thread(self._buckets.get, bucket, name)
        if found is None:
            raise GoogleError("NOT_FOUND", f"No such object: {bucket}/{name}")
        if request.query_params.get("alt") != "media":
            return JSONResponse(_description(found))
        self._counts.downloaded()
        wanted = request.headers.get("range", "")
        return ranged(found.path, found.size, found.content_type, wanted)

    async def write(self, request: Request) -> Response:
        """Store the body as an object, with uploadType=media."""
        authenticate(request)
        name = request.query_params.get("name", "")
        if not name or request.query_params.get("uploadType") != "media":
            raise invalid(Violation("name", "required, with uploadType=media"))
        content_type = request.headers.get("content-type", "application/octet-stream")
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > MOST_UPLOADED_BYTES:
                raise invalid(Violation("body", f"at most {MOST_UPLOADED_BYTES} bytes"))
        bucket = _bucket(request)
        with storing(f"gs://{bucket}/{name}"):
            await asyncio.to_thread(self._buckets.put, bucket, name, content_type, [bytes(body)])
        stored = await asyncio.to_thread(self._buckets.get, bucket, name)
        return JSONResponse(_description(stored) if stored else {})


def _bucket(request: Request) -> str:
    bucket: str = request.path_params["bucket"]
    if not _BUCKET.fullmatch(bucket):
        raise invalid(Violation("bucket", f"{bucket!r} is not the name of a bucket"))
    return bucket


def _description(found: StoredObject) -> dict[str, str]:
    return {
        "kind": "storage#object",
        "bucket": found.bucket,
        "name": found.name,
        "contentType": found.content_type,
        "size": str(found.size),
    }
