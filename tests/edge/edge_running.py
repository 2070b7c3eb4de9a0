# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The edge as a process, and what callers that know only HTTP do with it."""

from __future__ import annotations

import json
import re
import socket
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
from processes.running import GUARD_SECONDS, Process, Server, Simulator, server, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parents[2]
MODEL = "veo-3.1-lite-generate-001"
# A page of this site may call, as deploy/envoy.yaml says.
SITE = "http://localhost:3000"


@dataclass(frozen=True)
class Edge:
    """A simulator, a server on it, and Envoy before both."""

    process: Process
    server: Server
    simulator: Simulator
    url: str
    tls_url: str
    certificate: Path
    log: Path
    http: httpx.AsyncClient

    async def generate(self, prompt: str = "a paper boat") -> dict[str, Any]:
        body = {
            "model": MODEL,
            "prompt": prompt,
            "config": {"durationSeconds": 4, "resolution": "720p"},
        }
        return read(await self.http.post("/v1/videos:generate", json=body))

    async def generated(self) -> dict[str, Any]:
        """Return an operation that has its video."""
        name = (await self.generate())["name"]
        while not (operation := read(await self.http.post(f"/v1/{name}:wait", json={}))).get(
            "done"
        ):
            pass
        return operation

    async def signed(self) -> str:
        """Return a signed address of a new video, under the edge."""
        name = (await self.generated())["name"]
        created = await self.http.post(f"/v1/{name}/videos/0:createUrl", json={})
        parts = urlsplit(read(created)["url"])
        edge = urlsplit(self.url)
        url: str = parts._replace(scheme=edge.scheme, netloc=edge.netloc).geturl()
        return url


def read(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


@asynccontextmanager
async def edge(folder: Path) -> AsyncIterator[Edge]:
    async with AsyncExitStack() as stack:
        upstream = await stack.enter_async_context(simulator(folder))
        listens = free_address()
        serving = server(folder, upstream, http_listen=listens)
        longtake = await stack.enter_async_context(serving)
        await longtake.start()
        options = ("--server", longtake.address, "--http-server", listens)
        process, url, tls_url = await start(folder, *options)
        stack.push_async_callback(process.terminate)
        http = httpx.AsyncClient(base_url=url, timeout=GUARD_SECONDS)
        await stack.enter_async_context(http)
        certificate, log = folder / "edge" / "certificate.pem", folder / "edge.log"
        yield Edge(process, longtake, upstream, url, tls_url, certificate, log, http)


def free_address() -> str:
    """Return an address that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


async def start(folder: Path, *options: str, **environment: str) -> tuple[Process, str, str]:
    """Start scripts/edge.py on free ports; return it with its two addresses."""
    process = await Process.start(
        "-m", "scripts.edge", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0",
        "--folder", str(folder / "edge"), *options,
        log=folder / "edge.log", environment={"PYTHONPATH": str(ROOT), **environment},
    )  # fmt: skip
    url, tls_url = re.findall(r"https?://\S+", process.first_line)
    return process, url, tls_url


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


async def events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    """Yield what an EventSource would: each event is one line of data and an empty line."""
    lines = answer.aiter_lines()
    async for line in lines:
        assert line.startswith("data: "), line
        assert await anext(lines) == ""
        yield json.loads(line.removeprefix("data: "))
