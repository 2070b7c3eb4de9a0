# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server process serves signed addresses with API keys, across a kill, until a key is revoked."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sys
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
from longtake.v1 import video_service_pb2 as api
from processes.running import server

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "veo-3.1-lite-generate-001"
PUBLIC = "https://videos.example/longtake"


def free_address() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"127.0.0.1:{free.getsockname()[1]}"


async def keys(folder: Path, *arguments: str) -> str:
    """Return what `longtake-server keys` prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "longtake_server", "keys", *arguments),
        env={**os.environ, "LONGTAKE_DATA_FOLDER": str(folder / "data")},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode()


async def test_an_address_survives_a_kill_and_ends_with_its_key(tmp_path: Path) -> None:
    listens = free_address()
    settings = {
        "authentication": "keys",
        "http_listen": listens,
        "public_url": PUBLIC,
        "simulator_latency_seconds": "0",
    }
    async with server(tmp_path, None, **settings) as longtake:
        stub = await longtake.start()
        created = await keys(tmp_path, "create", "--principal", "ann")
        found = re.search(r"ltk_\S+", created)
        assert found is not None
        key = found[0]
        metadata = (("authorization", f"Bearer {key}"),)
        request = api.GenerateVideosRequest(model=MODEL, prompt="a paper boat")
        request.config.duration_seconds = 4
        name = (await stub.GenerateVideos(request, metadata=metadata)).name
        wait = api.WaitOperationRequest(name=name)
        while not (await stub.WaitOperation(wait, metadata=metadata)).done:
            pass
        asked = api.CreateVideoUrlRequest(name=f"{name}/videos/0")
        url = (await stub.CreateVideoUrl(asked, metadata=metadata)).url
        assert url.startswith(f"{PUBLIC}/v1/signed/operations/")
        parts = urlsplit(url)
        here = f"http://{listens}{parts.path.removeprefix('/longtake')}?{parts.query}"
        async with httpx.AsyncClient(timeout=60) as http:
            before = await http.get(here)
            assert (before.status_code, before.headers["content-type"]) == (200, "video/mp4")
            await longtake.process.kill()
            await longtake.start()
            after = await http.get(here)
            assert (after.status_code, after.content) == (200, before.content)
            await keys(tmp_path, "revoke", key.split("_")[1][:12])
            while (last := await http.get(here)).status_code == 200:
                pass
            assert last.status_code == 403
        assert await longtake.process.terminate() == 0
        assert parts.query not in longtake.log
        assert "signature=" not in longtake.log
