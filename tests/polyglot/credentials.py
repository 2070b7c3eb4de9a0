# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What every language's example does with an API key, against a real server with TLS."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import av
from longtake_server.identity import api_key
from processes.running import server
from rpc.rpc_certificates import Authority, TlsFolder

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from pathlib import Path

_UNKNOWN = "the server does not know the API key"
# An address of documentation (RFC 5737). Nothing is sent there.
_ELSEWHERE = "192.0.2.1:50051"
_TLS_ONLY = ("is sent over TLS only", "without TLS, readable by others")


@dataclass(frozen=True)
class Example:
    """A program that makes a video: `command "prompt" out.mp4`.

    Attributes:
        command: How to start it.
        option: What comes before the file, for a program that names it by an option.
    """

    command: tuple[str | Path, ...]
    option: tuple[str, ...] = ()

    @asynccontextmanager
    async def started(
        self, prompt: str, out_file: Path, variables: dict[str, str]
    ) -> AsyncIterator[Process]:
        """Run it while the block lasts."""
        process = await asyncio.create_subprocess_exec(
            *map(str, (*self.command, prompt, *self.option, out_file)),
            env={**os.environ, **variables},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                # Reads to the end, so that no transport is left open.
                await process.communicate()


def example(*command: str | Path) -> Example:
    return Example(command)


async def works_by_its_key_alone(program: Example, folder: Path) -> None:
    """It makes a video with a key, none with an unknown one, and ends once a key is revoked."""
    out_file, authority = folder / "boat.mp4", folder / "ca.pem"
    async with server(folder, None, **_guarded(folder, authority)) as longtake:
        await longtake.start()
        port = longtake.address.rpartition(":")[2]
        at = {"LONGTAKE_ADDRESS": f"https://localhost:{port}", "LONGTAKE_CA": str(authority)}

        unknown = api_key.generate().text
        told = await _fails(program, folder / "none.mp4", at | {"LONGTAKE_API_KEY": unknown})
        assert _UNKNOWN in told, told

        key = await _keys(folder, "create", "--principal", "ann")
        async with program.started(
            "A paper boat", out_file, at | {"LONGTAKE_API_KEY": key}
        ) as process:
            said, told = await _end(process, key)
        assert process.returncode == 0, said + told
        with av.open(str(out_file), "r") as video:
            assert sum(1 for _ in video.decode(video=0)) > 0

        key_id = api_key.parse(key).id
        told = await _watches_until_revoked(program, folder, at | {"LONGTAKE_API_KEY": key})
        assert f"the API key {key_id} was revoked" in told, told
    assert key not in longtake.log
    assert unknown not in longtake.log


async def sends_no_key_in_plaintext(program: Example, folder: Path) -> None:
    """It refuses by itself to send a key without TLS to another machine."""
    variables = {"LONGTAKE_ADDRESS": _ELSEWHERE, "LONGTAKE_API_KEY": api_key.generate().text}
    told = await _fails(program, folder / "none.mp4", variables)
    assert any(words in told for words in _TLS_ONLY), told


def _guarded(folder: Path, authority: Path) -> dict[str, str]:
    """Return the settings of a server that asks for keys; write its certificate's authority."""
    issuer, files = Authority(), TlsFolder(folder / "tls")
    files.put(issuer.server())
    authority.write_bytes(issuer.pem)
    return {
        "tls_certificate": str(files.certificate),
        "tls_key": str(files.key),
        "authentication": "keys",
        "simulator_latency_seconds": "0",
    }


async def _keys(folder: Path, *words: str) -> str:
    """Run `longtake-server keys` beside the server, and return what it prints."""
    command = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "longtake_server", "keys", *words),
        env={**os.environ, "LONGTAKE_DATA_FOLDER": str(folder / "data")},
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await command.communicate()
    assert command.returncode == 0
    return printed.decode().strip()


async def _watches_until_revoked(program: Example, folder: Path, variables: dict[str, str]) -> str:
    """Revoke its key while it watches, and return what it tells as it ends."""
    key, out_file = variables["LONGTAKE_API_KEY"], folder / "none.mp4"
    async with program.started("A boat [sim:never]", out_file, variables) as process:
        assert process.stdout is not None
        async for line in process.stdout:
            if b"RUNNING" in line:
                break
        await _keys(folder, "revoke", api_key.parse(key).id)
        _, told = await _end(process, key)
    _assert_failed(process, out_file)
    return told


async def _fails(program: Example, out_file: Path, variables: dict[str, str]) -> str:
    """Run it to its end, which must not be a good one, and return what it tells."""
    async with program.started("A paper boat", out_file, variables) as process:
        _, told = await _end(process, variables["LONGTAKE_API_KEY"])
    _assert_failed(process, out_file)
    return told


def _assert_failed(process: Process, out_file: Path) -> None:
    assert process.returncode not in (0, None)
    assert not out_file.exists()


async def _end(process: Process, key: str) -> tuple[str, str]:
    """Return the rest of both outputs, neither of which may have the key."""
    said, told = (output.decode() for output in await process.communicate())
    secret = api_key.parse(key).secret
    assert secret not in said
    assert secret not in told
    return said, told
