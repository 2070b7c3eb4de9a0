# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Headless Chromium, and the site whose page it opens."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette
from starlette.responses import FileResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

PAGE = Path(__file__).parent / "page.html"
NAMES = ("chromium", "chromium-browser", "google-chrome")
INSTALL_SECONDS = 600
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--disable-dev-shm-usage",
)  # fmt: skip


def found_or_installed() -> tuple[str, str]:
    """Return the path of the browser, or an empty one and why there is none."""
    if path := _found():
        return path, ""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return "", "there is no Chromium, and only root can install it, with apt-get"
    told = ""
    # A fresh machine may have no lists of packages yet.
    for command in (["update"], ["install", "-y", "--no-install-recommends", "chromium"]):
        try:
            done = subprocess.run(
                ["apt-get", *command],
                check=False,
                capture_output=True,
                text=True,
                timeout=INSTALL_SECONDS,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
        except subprocess.TimeoutExpired:
            return "", "there is no Chromium, and apt-get did not end in time"
        told = done.stderr.strip()[-300:]
    return _found(), f"there is no Chromium, and apt-get install: {told}"


def _found() -> str:
    return next((path for name in NAMES if (path := shutil.which(name))), "")


class Site:
    """Serves the page; is told by it that the generation runs, and what it found."""

    def __init__(self, page: Path = PAGE) -> None:
        self._file = page
        self.running = asyncio.Event()
        self.result: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.url = ""

    async def _page(self, _request: Request) -> Response:
        return FileResponse(self._file)

    async def _running(self, _request: Request) -> Response:
        self.running.set()
        return Response()

    async def _result(self, request: Request) -> Response:
        self.result.set_result(await request.json())
        return Response()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        routes = [
            Route("/", self._page),
            Route("/running", self._running, methods=["POST"]),
            Route("/result", self._result, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", ws="none")
        socket = config.bind_socket()
        self.url = f"http://127.0.0.1:{socket.getsockname()[1]}/"
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[socket]))
        try:
            yield
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def opened(browser: str, url: str, folder: Path) -> AsyncIterator[asyncio.Task[int]]:
    """Open the page; yields what ends when the browser does."""
    with (folder / "browser.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            browser, *FLAGS, f"--user-data-dir={folder / 'profile'}", url,
            stdout=log, stderr=log, env={**os.environ, "HOME": str(folder)},
        )  # fmt: skip
    ended = asyncio.create_task(process.wait())
    try:
        yield ended
    finally:
        if process.returncode is None:
            process.terminate()
        await ended
