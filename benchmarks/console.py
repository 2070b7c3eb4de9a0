# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Open pages of the console: the processor time of the server, and the requests of each page."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import socket
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
from longtake.v1.video_service_pb2 import CancelOperationRequest
from longtake.v1.video_service_pb2_grpc import VideoServiceStub
from longtake_server.operations.model import State

from benchmarks.caller import AUTHENTICATED
from benchmarks.report import Budget, Table, at_most
from benchmarks.servers import authenticated, generation
from benchmarks.stored import record, store

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.operations.model import OperationRecord
    from playwright.async_api import Browser, Page, Request

    from benchmarks.programs import Program

_CALLS = "/console/api/"
_STREAM, _LIST = "WatchOperations", "ListOperations"
# Each is created, and then cancelled, while it waits or runs: four or five changes.
_GENERATIONS_PER_SECOND = 2
_ENDED = (State.SUCCEEDED, State.SUCCEEDED, State.SUCCEEDED, State.FAILED, State.CANCELLED)


@dataclass(frozen=True)
class _Found:
    """The processor time of the server, in seconds for a second, and the calls of each page."""

    alone: float
    with_pages: float
    opening_seconds: float
    calls: tuple[Counter[str], ...]


def found_browser() -> str:
    """Return the path of Chromium, or end the program: there is none."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if path := shutil.which(name):
            return path
    sys.exit("benchmarks: console needs Chromium; as root, make test installs it with apt-get")


def measure(*, operations: int = 100_000, pages: int = 20, seconds: float = 30.0) -> Table:
    """Open pages in Chromium, and let operations change with and without them."""
    browser = found_browser()
    with tempfile.TemporaryDirectory(prefix="longtake-console-") as name:
        folder = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as free:
            listen = f"127.0.0.1:{free.getsockname()[1]}"
        store(folder, _records(operations))
        with authenticated(folder, http_listen=listen, log_level="error") as server:
            found = asyncio.run(_measured(server, f"http://{listen}/", browser, pages, seconds))
    each = (found.with_pages - found.alone) / pages * 100
    most = Counter[str]()
    for calls in found.calls:
        most |= calls
    return Table(
        title=f"{pages} open pages of the console, {operations} stored operations",
        note=f"Real pages in headless Chromium show the list, while {_GENERATIONS_PER_SECOND} "
        f"generations a second are accepted and cancelled, for {seconds:g} seconds; before that, "
        "the same without pages. The processor time is that of the server. Opening has all that a "
        f"page loads, its first list too. {AUTHENTICATED}",
        columns=("server", "% of a core", "calls of a page"),
        rows=(
            ("without pages", f"{found.alone * 100:.1f}", ""),
            (
                f"with {pages} pages",
                f"{found.with_pages * 100:.1f}",
                ", ".join(f"{count} {method}" for method, count in sorted(most.items())),
            ),
            ("opening a page, ms", f"{found.opening_seconds / pages * 1000:.1f}", ""),
        ),
        budgets=(
            at_most("Console, processor time of an open page", 2, each, "% of a core"),
            _at_most_one("Console, list calls of a page", most[_LIST]),
            _at_most_one("Console, streams of a page", most[_STREAM]),
        ),
    )


def _at_most_one(what: str, count: int) -> Budget:
    return Budget(what, "1", str(count), count == 1, count)


def _records(count: int) -> Iterator[OperationRecord]:
    states = itertools.cycle(_ENDED)
    for number in range(count):
        yield record(next(states), timedelta(seconds=60 + number))


async def _measured(server: Program, url: str, browser: str, pages: int, seconds: float) -> _Found:
    from playwright.async_api import async_playwright

    key = dict(server.metadata)["authorization"].removeprefix("Bearer ")
    alone = await _changing(server, seconds)
    async with async_playwright() as driver, AsyncExitStack() as open_pages:
        opened = await driver.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        open_pages.push_async_callback(opened.close)
        before = server.processor_seconds()
        calls = [await _page(opened, url, key) for _ in range(pages)]
        opening = server.processor_seconds() - before
        with_pages = await _changing(server, seconds)
    return _Found(alone, with_pages, opening, tuple(calls))


async def _page(opened: Browser, url: str, key: str) -> Counter[str]:
    """Open a page of its own session, and return what counts its calls."""
    context = await opened.new_context()
    await context.add_init_script(f"sessionStorage.setItem('longtake.key', '{key}')")
    page: Page = await context.new_page()
    calls = Counter[str]()

    def count(request: Request) -> None:
        if _CALLS in request.url:
            calls[request.url.rpartition("/")[2]] += 1

    page.on("request", count)
    await page.goto(url)
    await page.wait_for_selector("lt-operations tbody tr")
    return calls


async def _changing(server: Program, seconds: float) -> float:
    """Let operations change, and return the processor time of the server for a second."""
    async with grpc.aio.insecure_channel(server.address) as channel:
        stub = VideoServiceStub(channel)
        before, began = server.processor_seconds(), time.perf_counter()
        for number in range(int(seconds * _GENERATIONS_PER_SECOND)):
            await asyncio.sleep(began + number / _GENERATIONS_PER_SECOND - time.perf_counter())
            accepted = await stub.GenerateVideos(generation(), metadata=server.metadata)
            await stub.CancelOperation(
                CancelOperationRequest(name=accepted.name), metadata=server.metadata
            )
        await asyncio.sleep(began + seconds - time.perf_counter())
        return (server.processor_seconds() - before) / (time.perf_counter() - began)
