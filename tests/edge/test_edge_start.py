# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`make edge`: what it starts, what it logs, what it says when it cannot start."""

from __future__ import annotations

import asyncio
import os
import sys
from typing import TYPE_CHECKING

import httpx
import pytest
from edge import edge_running
from edge.edge_running import ROOT, read, trusting
from processes.running import GUARD_SECONDS, Process, server
from rpc.rpc_certificates import Authority, TlsFolder

from scripts.edge_files import write_certificate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)


async def refusal(*options: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "scripts.edge", *options,
        cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={
            **os.environ,
            "LONGTAKE_LISTEN": "127.0.0.1:0",
            "LONGTAKE_HTTP_LISTEN": edge_running.free_address(),
        },
    )  # fmt: skip
    output, errors = await process.communicate()
    assert process.returncode == 1
    assert output == b""
    return errors.decode()


async def test_it_starts_a_server_of_its_own_and_stops_both(tmp_path: Path) -> None:
    settings = {
        "LONGTAKE_LISTEN": "127.0.0.1:0",
        "LONGTAKE_HTTP_LISTEN": edge_running.free_address(),
        "LONGTAKE_DATA_FOLDER": str(tmp_path / "data"),
    }
    command = ["-m", "scripts.edge", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"]
    process = await Process.start(
        *command, "--folder", str(tmp_path),
        log=tmp_path / "log", environment={"PYTHONPATH": str(ROOT), **settings},
    )  # fmt: skip
    assert process.first_line.startswith("longtake-server is serving on 127.0.0.1:")
    address = process.first_line.split()[-1]

    second = await edge_running.start(tmp_path, LONGTAKE_LISTEN=address)
    async with httpx.AsyncClient(base_url=second[1]) as http:
        assert read(await http.get("/v1/models"))["models"]
    codes = [await one.terminate() for one in (second[0], process)]

    assert codes == [0, 0]
    assert "stopped" in (tmp_path / "log").read_text()


async def test_it_takes_a_certificate_from_files(tmp_path: Path) -> None:
    certificate, key = tmp_path / "site.pem", tmp_path / "site.key"
    write_certificate(certificate, key)

    process, _, url = await edge_running.start(
        tmp_path, "--server", "127.0.0.1:1", "--certificate", str(certificate), "--key", str(key)
    )
    async with httpx.AsyncClient(base_url=url, verify=trusting(certificate)) as http:
        answer = await http.get("/v1/models")
    await process.terminate()

    assert answer.status_code == 503
    assert answer.json() == {"code": 14, "message": "no healthy upstream"}
    assert key.stat().st_mode & 0o077 == 0


async def test_it_speaks_tls_to_a_server_of_the_authority_that_it_is_given(
    tmp_path: Path,
) -> None:
    authority, files = Authority(), TlsFolder(tmp_path / "tls")
    files.put(authority.server(), authority.pem)
    stranger = tmp_path / "stranger.pem"
    stranger.write_bytes(Authority("stranger").pem)
    certificate, key = str(files.certificate), str(files.key)
    async with server(tmp_path, tls_certificate=certificate, tls_key=key) as longtake:
        await longtake.start()
        statuses = [
            await status_of_models(tmp_path, "--server", longtake.address, "--server-ca", str(ca))
            for ca in (files.client_ca, stranger)
        ]
    assert statuses == [200, 503]


async def status_of_models(folder: Path, *options: str) -> int:
    """Return the HTTP status with which an edge answers ListModels."""
    process, url, _ = await edge_running.start(folder, *options)
    try:
        async with httpx.AsyncClient(base_url=url) as http:
            return (await http.get("/v1/models")).status_code
    finally:
        await process.terminate()


async def test_the_log_has_no_query_and_no_prompt(tmp_path: Path) -> None:
    async with edge_running.edge(tmp_path) as edge:
        await edge.generate("a secret prompt")
        await edge.http.get("/v1/operations", params={"filter": 'labels.team = "secret"'})
        await edge.process.terminate()

        text = edge.log.read_text()
        assert '"path":"/v1/operations"' in text
        assert '"path":"/v1/videos:generate"' in text
        assert "secret" not in text


async def test_a_wrong_address_is_one_line(tmp_path: Path) -> None:
    options = ("--server", "here", "--folder", str(tmp_path))

    assert await refusal(*options) == "edge: 'here' is not an address of the form host:port\n"


async def test_a_certificate_without_its_key_is_one_line(tmp_path: Path) -> None:
    options = ("--certificate", "x.pem", "--folder", str(tmp_path))

    assert await refusal(*options) == "edge: --certificate and --key must be given together\n"
