# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A page in a real browser generates, watches and plays a video through the edge."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from edge.edge_browser import INSTALL_SECONDS, Site, found_or_installed, opened
from edge.edge_running import MODEL, edge
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from pathlib import Path


async def first(*awaited: asyncio.Future[Any]) -> None:
    await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)


@pytest.mark.timeout(INSTALL_SECONDS + GUARD_SECONDS)
async def test_a_page_generates_watches_and_plays_a_video(tmp_path: Path) -> None:
    browser, reason = await asyncio.to_thread(found_or_installed)
    if not browser:
        pytest.skip(reason)
    site = Site()
    async with edge(tmp_path) as running, site.serving():
        await running.simulator.tell("hold")
        page = f"{site.url}?edge={running.url}"
        async with opened(browser, page, tmp_path) as ended:
            told = asyncio.create_task(site.running.wait())
            await first(told, site.result, ended)
            told.cancel()
            await running.simulator.tell("release")
            await first(site.result, ended)
            assert site.result.done(), (tmp_path / "browser.log").read_text()

    found = site.result.result()
    assert "error" not in found, found
    assert found["state"] == "SUCCEEDED"
    assert found["seen"] == sorted(set(found["seen"]))
    assert found["played"]["currentTime"] >= 1
    assert found["played"]["readyState"] >= 2
    assert found["played"]["width"] == 1280
    assert found["played"]["frames"] > 0
    assert MODEL in found["grpcWeb"]
    assert "grpc-status:0" in found["grpcWeb"]
