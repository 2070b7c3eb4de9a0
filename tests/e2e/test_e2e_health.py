# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake-server health` checks a running server and reports a fault in one line."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from typing import TYPE_CHECKING

import pytest
from longtake.v1.video_service_pb2 import ListModelsRequest
from processes.running import GUARD_SECONDS, server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.timeout(GUARD_SECONDS)
OPEN = {"LONGTAKE_INSECURE": "plaintext,no-authentication"}


async def health(*options: str, **variables: str) -> tuple[int | None, str]:
    """Return the exit code and what the command wrote to standard error."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LONGTAKE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "longtake_server", "health", *options),
        env={**kept, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    printed, errors = await process.communicate()
    assert printed == b""
    return process.returncode, errors.decode()


async def test_a_server_that_serves(tmp_path: Path) -> None:
    async with server(tmp_path) as longtake:
        await longtake.start()
        port = longtake.address.rpartition(":")[2]
        assert await health("--address", longtake.address) == (0, "")
        assert await health(LONGTAKE_LISTEN=longtake.address) == (0, "")
        assert await health(LONGTAKE_LISTEN=f"0.0.0.0:{port}", **OPEN) == (0, "")
        # Nothing listens at the proxy, which must not be used for this server.
        proxy = {"http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}
        assert await health("--address", longtake.address, **proxy) == (0, "")


async def test_a_server_that_drains_serves_although_it_reports_that_it_does_not(
    tmp_path: Path,
) -> None:
    async with server(tmp_path, drain_seconds="3600") as longtake:
        stub = await longtake.start()
        os.kill(longtake.process.pid, signal.SIGTERM)
        code: int | None = 0
        while code == 0:
            code, said = await health("--address", longtake.address)
        listed = await stub.ListModels(ListModelsRequest())
        await longtake.process.kill()

    assert said.startswith("longtake-server: ")
    assert listed.models


async def test_no_server_is_one_line(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{closed.getsockname()[1]}"
        code, said = await health("--address", address)
    assert code == 1
    assert said == (
        f"longtake-server: no server answers at {address} (connection refused); start it with "
        "longtake-server serve, or name its address with --address\n"
    )


async def test_a_host_without_an_address_is_one_line() -> None:
    code, said = await health(LONGTAKE_LISTEN="nowhere.invalid:1", **OPEN)
    assert (code, said) == (
        1,
        "longtake-server: no server answers at nowhere.invalid:1: the host name has no address\n",
    )


async def test_another_server_than_longtake_is_one_line() -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as other:
        address = "{}:{}".format(*other.sockets[0].getsockname())
        code, said = await health("--address", address)
    assert code == 1
    assert said.startswith(f"longtake-server: what answers at {address} is not a Longtake server")
    assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--address", "127.0.0.1"], "the port is missing"),
        (["--address", "127.0.0.1:0"], "port 0 is no port to connect to"),
        (["--address", "http://127.0.0.1:1"], "leave out the scheme"),
    ],
)
async def test_a_wrong_address_is_refused(options: list[str], says: str) -> None:
    code, said = await health(*options)
    assert code == 2
    assert says in said


async def test_a_listening_port_of_0_needs_the_address() -> None:
    code, said = await health(LONGTAKE_LISTEN="127.0.0.1:0")
    assert code == 1
    assert "give --address" in said
