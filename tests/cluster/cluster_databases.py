# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A primary of PostgreSQL and its synchronous standby, which takes over when the primary dies."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

from scripts.postgres import PostgresServer

# What is acknowledged is on the disk of both.
_SETTINGS = {"fsync": "on", "synchronous_commit": "on"}


class Databases:
    """Two servers at two ports that stay the same."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._primary: PostgresServer
        self._standby: PostgresServer

    @property
    def ports(self) -> tuple[int, int]:
        """The ports of the first primary and the first standby."""
        return self._ports

    def start(self) -> None:
        """Start both. Blocks."""
        self._primary = self._new()
        self._primary.create()
        self._primary.start()
        self._standby = self._following(0)
        self._ports = (self._primary.port, self._standby.port)

    def fail_over(self) -> None:
        """Kill the primary, and promote the standby. Blocks."""
        self._primary.kill_hard()
        self._standby.promote()

    def add_standby(self) -> None:
        """Start a new standby in the place of the primary that was killed. Blocks."""
        dead, self._primary = self._primary, self._standby
        self._standby = self._following(dead.port)

    def close(self) -> None:
        """Stop both and remove their files. Blocks."""
        self._stack.close()

    def _following(self, port: int) -> PostgresServer:
        standby = self._new()
        standby.follow(self._primary)
        standby.port = port
        standby.start()
        self._primary.require_standby()
        return standby

    def _new(self) -> PostgresServer:
        name = self._stack.enter_context(tempfile.TemporaryDirectory(prefix="longtake-postgres-"))
        folder = Path(name)
        folder.chmod(0o755)
        server = PostgresServer(folder, _SETTINGS)
        self._stack.callback(server.kill_hard)
        return server
