# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server with its console, and a browser that a test drives by keyboard."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import axe_playwright_python
import httpx
import pytest
from edge.edge_browser import found_or_installed
from edge.edge_running import free_address
from playwright.async_api import async_playwright, expect
from processes.running import Server, Simulator, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from playwright.async_api import Browser, ConsoleMessage, Page, Request

MODEL = "veo-3.1-lite-generate-001"
SIZES = (400, 1600)
SCHEMES = ("light", "dark")
_AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
_MOST_TABS = 80
_MILLISECONDS = 60_000

expect.set_options(timeout=_MILLISECONDS)


@dataclass
class Console:
    """A server with a console on a simulator, and its address."""

    server: Server
    simulator: Simulator
    url: str
    folder: Path
    settings: Mapping[str, str]

    async def call(self, method: str, body: object, service: str = "VideoService") -> Any:
        """Call the contract as the pages do. Raises AssertionError for another status than 200."""
        url = f"{self.url}console/api/longtake.v1.{service}/{method}"
        async with httpx.AsyncClient(timeout=_MILLISECONDS) as client:
            answer = await client.post(url, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def generated(self, prompt: str) -> str:
        """Return the name of a new operation."""
        config = {"durationSeconds": 4, "resolution": "720p", "labels": {"team": "film"}}
        request = {"model": MODEL, "prompt": prompt, "config": config}
        name: str = (await self.call("GenerateVideos", request))["name"]
        return name

    async def link(self, *options: str) -> str:
        """Return what `longtake-server console` prints."""
        return await self.command("console", *options)

    async def command(self, *words: str) -> str:
        """Return what a command of `longtake-server` prints beside the server."""
        told = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "longtake_server", *words),
            env={
                **os.environ,
                "LONGTAKE_DATA_FOLDER": str(self.folder / "data"),
                **{f"LONGTAKE_{name.upper()}": value for name, value in self.settings.items()},
            },
            stdout=asyncio.subprocess.PIPE,
        )
        printed, _ = await told.communicate()
        assert told.returncode == 0
        return printed.decode().strip()


@asynccontextmanager
async def console(folder: Path, **settings: str) -> AsyncIterator[Console]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(simulator(folder))
        settings = {"http_listen": free_address(), **settings}
        longtake = await stack.enter_async_context(server(folder, upstream, **settings))
        await longtake.start()
        url = f"http://{settings['http_listen']}/"
        yield Console(longtake, upstream, url, folder, settings)


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    path, reason = await asyncio.to_thread(found_or_installed)
    if not path:
        pytest.skip(reason)
    async with async_playwright() as driver:
        opened = await driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield opened
        finally:
            await opened.close()


@dataclass
class Visitor:
    """Somebody with a page and a keyboard.

    Attributes:
        page: The page.
        said: What the browser's console and uncaught errors said.
        calls: The methods that the page called.
    """

    page: Page
    said: list[str] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def listen(self) -> None:
        def say(message: ConsoleMessage) -> None:
            # An answer that is no success is said too. The tests look at what is made of it.
            if "Failed to load resource" not in message.text:
                self.said.append(message.text)

        def note(request: Request) -> None:
            if "/console/api/" in request.url:
                self.calls.append(request.url.rpartition("/")[2])

        self.page.on("console", say)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("request", note)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.page.keyboard.press(key)

    async def tab_to(self, selector: str) -> None:
        """Press Tab until the element has the focus, which must be visible."""
        await expect(self.page.locator(selector).first).to_be_visible()
        for _ in range(_MOST_TABS):
            await self.page.keyboard.press("Tab")
            found = await self.page.evaluate(
                "selector => document.activeElement === document.querySelector(selector)", selector
            )
            if found:
                return
        raise AssertionError(f"Tab does not reach {selector}")

    async def enter(self, selector: str) -> None:
        """Reach an element by Tab and press Enter."""
        await self.tab_to(selector)
        await self.press("Enter")

    async def type_into(self, selector: str, text: str) -> None:
        await self.tab_to(selector)
        await self.page.keyboard.type(text)

    async def until(self, condition: str) -> None:
        """Wait until a condition of the page holds."""
        waiting = f"while (!({condition})) await new Promise(requestAnimationFrame)"
        # As an expression: the page's policy refuses playwright's own way, which needs eval.
        await self.page.evaluate(f"(async () => {{ {waiting} }})()")

    async def violations(self) -> list[str]:
        """Return what axe-core finds wrong."""
        await self.page.evaluate(_AXE)
        found: list[dict[str, Any]] = await self.page.evaluate(
            "axe.run().then((results) => results.violations)"
        )
        return [f"{one['id']}: {json.dumps(one['nodes'][0]['html'])}" for one in found]


@asynccontextmanager
async def visitor(
    opened: Browser, url: str, *, scheme: str = "light", width: int = 1600
) -> AsyncIterator[Visitor]:
    context = await opened.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 900},
        reduced_motion="reduce",
    )
    context.set_default_timeout(_MILLISECONDS)
    try:
        found = Visitor(await context.new_page())
        found.listen()
        await found.page.goto(url)
        yield found
    finally:
        await context.close()
