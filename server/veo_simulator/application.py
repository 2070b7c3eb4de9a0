# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The simulator as an ASGI application."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from veo_simulator.bucket import Buckets
from veo_simulator.calls import Calls
from veo_simulator.control_api import ControlApi
from veo_simulator.counting import Counts
from veo_simulator.developer_files import DeveloperFiles
from veo_simulator.errors import GoogleError
from veo_simulator.files_api import FilesApi
from veo_simulator.generations import Generations
from veo_simulator.interaction_results import InteractionResults
from veo_simulator.interactions_api import InteractionsApi
from veo_simulator.quota import Quota
from veo_simulator.results import Results
from veo_simulator.storage_api import StorageApi
from veo_simulator.video_api import VideoApi
from veo_simulator.workers import Renderers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from starlette.requests import Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How the simulator behaves.

    Attributes:
        state_directory: The folder for generations and objects.
        latency_seconds: The minimum time that a generation takes.
        quota_per_minute: The largest number of submissions per model and minute; None for any
            number.
        workers: The number of videos that are rendered at the same time.
        keep_hours: How long a generation is kept.
    """

    state_directory: Path
    latency_seconds: float = 6.0
    quota_per_minute: int | None = None
    workers: int = 1
    keep_hours: float = 48.0


def create_application(options: Options) -> Starlette:
    """Return the application. It starts nothing and opens no file before its startup."""
    counts = Counts()
    calls = Calls(counts, Quota(options.quota_per_minute, time.monotonic))
    life = {"latency_seconds": options.latency_seconds, "keep_hours": options.keep_hours}
    may_finish = asyncio.Event()
    may_finish.set()
    buckets = Buckets(options.state_directory / "objects")
    renderers = Renderers(options.workers)
    folder = options.state_directory / "generations"
    results = Results(folder, buckets, renderers)
    generations = Generations(folder, results, may_finish, counts, **life)
    files = DeveloperFiles(options.state_directory / "files")
    folder = options.state_directory / "interactions"
    answers = InteractionResults(folder, buckets, files, renderers)
    interactions = Generations(folder, answers, may_finish, counts, **life)
    gates = {"": may_finish, "submissions": calls.may_submit}
    control = ControlApi([generations, interactions], counts, gates)

    @asynccontextmanager
    async def lifespan(_application: Starlette) -> AsyncIterator[None]:
        generations.resume()
        interactions.resume()
        try:
            yield
        finally:
            await generations.aclose()
            await interactions.aclose()
            renderers.close()

    routes = [
        *VideoApi(generations, results, calls).routes(),
        *InteractionsApi(interactions, answers, calls).routes(),
        *FilesApi(files, counts).routes(),
        *StorageApi(buckets, counts).routes(),
        *control.routes(),
    ]
    return Starlette(
        routes=routes,
        lifespan=lifespan,
        exception_handlers={
            GoogleError: _google_error,
            HTTPException: _no_route,
            Exception: _defect,
        },
    )


async def _google_error(_request: Request, error: Exception) -> Response:
    if not isinstance(error, GoogleError):
        raise error
    return JSONResponse(error.http_body(), error.http_status)


async def _no_route(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    message = f"{request.method} {request.url.path}: {error.detail}"
    return JSONResponse(GoogleError("NOT_FOUND", message).http_body(), error.status_code)


async def _defect(_request: Request, error: Exception) -> Response:
    _log.error("a call failed", exc_info=error)
    return JSONResponse(GoogleError("INTERNAL", "Internal error.").http_body(), 500)
