# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Serves the calls that read files of the Gemini Developer API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from veo_simulator.authentication import authenticate, credential
from veo_simulator.delivery import VIDEO_TYPE
from veo_simulator.developer_files import ADDRESS, KEPT_SECONDS
from veo_simulator.downloads import ranged
from veo_simulator.errors import GoogleError, Violation, invalid
from veo_simulator.timestamps import timestamp

if TYPE_CHECKING:
    from starlette.requests import Request

    from veo_simulator.counting import Counts
    from veo_simulator.developer_files import DeveloperFile, DeveloperFiles

_VERSIONS = ("v1", "v1beta")


class FilesApi:
    """Describes files and serves their bytes."""

    def __init__(self, files: DeveloperFiles, counts: Counts) -> None:
        self._files = files
        self._counts = counts

    def routes(self) -> list[Route]:
        """Return the routes, with Google's paths, and the one that downloads redirect to."""
        return [
            *(Route(f"/{one}/files/{{file}}:download", self.download) for one in _VERSIONS),
            *(Route(f"/{one}/files/{{file}}", self.describe) for one in _VERSIONS),
            Route("/simulator/files/{file}", self.redirected),
        ]

    async def describe(self, request: Request) -> Response:
        """Describe a file."""
        authenticate(request)
        return JSONResponse(_description(await self._ask(request)))

    async def download(self, request: Request) -> Response:
        """Return a file's bytes, or a redirect to them."""
        authenticate(request)
        if request.query_params.get("alt") != "media":
            raise invalid(Violation("alt", "accepted is media"))
        found = await self._ask(request)
        if not found.active:
            message = f"The File {found.id} is not in an ACTIVE state and usage is not allowed."
            raise GoogleError("FAILED_PRECONDITION", message)
        if found.redirects:
            return RedirectResponse(f"/simulator/files/{found.id}", 302)
        return self._bytes(request, found)

    async def redirected(self, request: Request) -> Response:
        """Return a file's bytes without credentials; count those that are sent along."""
        if credential(request):
            self._counts.forwarded()
        return self._bytes(request, await self._ask(request))

    async def _ask(self, request: Request) -> DeveloperFile:
        name = request.path_params["file"]
        found = await asyncio.to_thread(self._files.ask, name)
        if found is None:
            message = f"You do not have permission to access the File {name} or it may not exist."
            raise GoogleError("PERMISSION_DENIED", message)
        return found

    def _bytes(self, request: Request, found: DeveloperFile) -> Response:
        self._counts.downloaded()
        return ranged(found.path, found.size, VIDEO_TYPE, request.headers.get("range", ""))


def _description(found: DeveloperFile) -> dict[str, Any]:
    created = timestamp(found.created)
    return {
        "name": f"files/{found.id}",
        "mimeType": VIDEO_TYPE,
        "sizeBytes": str(found.size),
        "createTime": created,
        "updateTime": created,
        "expirationTime": timestamp(found.created + KEPT_SECONDS),
        "uri": f"{ADDRESS}{found.id}",
        "downloadUri": f"{ADDRESS}{found.id}:download?alt=media",
        "state": "ACTIVE" if found.active else "PROCESSING",
        "source": "GENERATED",
    }
