# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Signed addresses pass through the edge: curl and wget resume them, and a browser plays them."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
import pytest_asyncio
from edge.edge_browser import INSTALL_SECONDS, Site, found_or_installed, opened
from processes.running import GUARD_SECONDS

if TYPE_CHECKING:
    from edge.edge_running import Edge

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(GUARD_SECONDS)]

PAGE = Path(__file__).parent / "player.html"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url(edge: Edge) -> str:
    return await edge.signed()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def video(url: str) -> bytes:
    async with httpx.AsyncClient() as http:
        answer = await http.get(url)
    assert answer.status_code == 200
    assert hashlib.sha256(answer.content).hexdigest() == answer.headers["etag"].strip('"')
    return answer.content


async def run(*command: str) -> None:
    """Run a command, which must succeed."""
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


def needed(command: str) -> None:
    if shutil.which(command) is None:
        reason = f"{command} is not installed"
        sys.stderr.write(f"{reason}\n")
        pytest.skip(reason)


async def test_head_tells_the_size(edge: Edge, url: str, video: bytes) -> None:
    answer = await edge.http.head(url)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-length"] == str(len(video))
    assert answer.headers["accept-ranges"] == "bytes"


async def test_a_part_passes_through_as_the_server_sends_it(
    edge: Edge, url: str, video: bytes
) -> None:
    answer = await edge.http.get(url, headers={"range": "bytes=-100"})
    assert (answer.status_code, answer.content) == (206, video[-100:])
    past = await edge.http.get(url, headers={"range": f"bytes={len(video)}-"})
    assert (past.status_code, past.headers["content-range"]) == (416, f"bytes */{len(video)}")


async def test_pages_of_any_site_may_play_it(edge: Edge, url: str) -> None:
    answer = await edge.http.head(url, headers={"origin": "https://elsewhere.example"})
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, "*")


async def test_an_altered_address_is_refused_by_the_server(edge: Edge, url: str) -> None:
    answer = await edge.http.get(url.replace("disposition=inline", "disposition=attachment"))
    assert (answer.status_code, answer.text) == (
        403,
        "this address does not work, or no longer\n",
    )


async def test_curl_resumes_a_download(tmp_path: Path, url: str, video: bytes) -> None:
    needed("curl")
    file = tmp_path / "video.mp4"
    file.write_bytes(video[: len(video) // 3])
    await run("curl", "--fail", "-sS", "-C", "-", "-o", str(file), url)
    assert file.read_bytes() == video
    # There is nothing left: the server tells the size.
    await run("curl", "-sS", "-C", "-", "-o", str(file), url)
    assert file.read_bytes() == video


async def test_wget_resumes_a_download(tmp_path: Path, url: str, video: bytes) -> None:
    needed("wget")
    file = tmp_path / "video.mp4"
    file.write_bytes(video[: len(video) // 3])
    await run("wget", "-q", "-c", "-O", str(file), url)
    assert file.read_bytes() == video
    await run("wget", "-q", "-c", "-O", str(file), url)
    assert file.read_bytes() == video


@pytest.mark.timeout(INSTALL_SECONDS + GUARD_SECONDS)
async def test_a_page_plays_and_seeks_it(tmp_path: Path, url: str) -> None:
    browser, reason = await asyncio.to_thread(found_or_installed)
    if not browser:
        pytest.skip(reason)
    site = Site(PAGE)
    async with site.serving():
        page = httpx.URL(site.url, params={"video": url})
        async with opened(browser, str(page), tmp_path) as ended:
            await asyncio.wait((site.result, ended), return_when=asyncio.FIRST_COMPLETED)
            assert site.result.done(), (tmp_path / "browser.log").read_text()
    found = site.result.result()
    assert "error" not in found, found
    assert found["played"] > 0
    assert found["sought"] >= 2
    assert found["width"] == 1280
