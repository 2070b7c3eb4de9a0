# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server whose HTTP listener is a door for Google's SDKs, and what leads them there."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from identity.identity_assertions import document, key_pair
from identity.identity_keys import added
from processes.running import Server, server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from processes.running import Simulator

_SERVING = re.compile(r"serving HTTP address=(\S+)")
# Programs wait as their users do, only not as long.
_QUICK = """
import asyncio, time
def _quickly(wait): return lambda seconds: wait(min(seconds, 0.3))
time.sleep, asyncio.sleep = _quickly(time.sleep), _quickly(asyncio.sleep)
"""


@dataclass
class Door:
    """The server, and how its callers reach it.

    Attributes:
        server: The server.
        base_url: The address of its HTTP listener.
        folder: Where programs run.
        key: An API key.
    """

    server: Server
    base_url: str
    folder: Path
    key: str = field(repr=False, default="")

    @property
    def credentials(self) -> Path:
        """A credentials file for Google's SDKs."""
        return self.folder / "credentials.json"

    @property
    def by_key(self) -> dict[str, str]:
        """The environment of `Client(vertexai=True)`."""
        return {"GOOGLE_API_KEY": self.key, "GOOGLE_VERTEX_BASE_URL": self.base_url}

    @property
    def by_key_alone(self) -> dict[str, str]:
        """The environment of `Client()`."""
        return {
            **self.by_key,
            "GOOGLE_GENAI_USE_VERTEXAI": "true",
            "GOOGLE_GEMINI_BASE_URL": self.base_url,
        }

    @property
    def by_credentials(self) -> dict[str, str]:
        """The environment of `Client(vertexai=True, project=..., location=...)`."""
        return {
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.credentials),
            "GOOGLE_VERTEX_BASE_URL": self.base_url,
        }

    async def restart(self) -> None:
        """Kill the server as a power failure would, and start it on the same addresses."""
        await self.server.process.kill()
        await self.server.start()

    async def run(
        self, program: str, variables: Mapping[str, str], python: Path | None = None
    ) -> str:
        """Run a Python program in the folder, with these variables, and return its output."""
        return await self.output(
            str(python or sys.executable), "-c", _QUICK + program, variables=variables
        )

    async def output(self, *command: str | Path, variables: Mapping[str, str]) -> str:
        """Run a program in the folder, with these variables, and return its output."""
        process = await self.started(*command, variables=variables)
        output, errors = await process.communicate()
        assert process.returncode == 0, errors.decode()
        return output.decode()

    async def started(
        self, *command: str | Path, variables: Mapping[str, str]
    ) -> asyncio.subprocess.Process:
        """Start a program in the folder, with these variables."""
        environment = {name: text for name, text in os.environ.items() if "GOOGLE" not in name}
        return await asyncio.create_subprocess_exec(
            *command,
            cwd=self.folder,
            env={**environment, **variables},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def make_credentials(self) -> None:
        """Have `longtake-server keys create` write another credentials file."""
        self.credentials.unlink()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "longtake_server", "keys", "create", "--principal", "ann"),
            *("--google-credentials", self.credentials),
            env={
                **os.environ,
                "LONGTAKE_DATA_FOLDER": str(self.folder / "data"),
                "LONGTAKE_PUBLIC_URL": self.base_url,
            },
        )
        assert await process.wait() == 0


@asynccontextmanager
async def door(
    folder: Path, upstream: Simulator | None = None, **settings: str
) -> AsyncIterator[Door]:
    """Serve Google's wire to callers with keys.

    Args:
        folder: The folder for the data, the log and the programs.
        upstream: The simulator that the server calls. Default: the embedded one.
        settings: As those of processes.running.server.
    """
    given = {"simulator_latency_seconds": "0", "authentication": "keys", **settings}
    async with server(folder, upstream, http_listen="127.0.0.1:0", **given) as running:
        await running.start()
        found = _SERVING.search(running.log)
        assert found is not None
        running.environment["LONGTAKE_HTTP_LISTEN"] = found[1]
        made = Door(running, f"http://{found[1]}", folder)
        database = folder / "data" / "longtake.db"
        made.key = added(database).text
        key_id = added(database, public_key=key_pair().public).id
        content = json.dumps(document(key_id, f"{made.base_url}/token"))
        made.credentials.write_text(content)
        yield made
