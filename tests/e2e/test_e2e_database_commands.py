# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The commands of an operator about the database, as processes."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from longtake_server.storage import migrations
from longtake_server.storage.postgres import schema
from longtake_server.storage.postgres.address import DatabaseAddress
from processes.running import GUARD_SECONDS, server

if TYPE_CHECKING:
    from pathlib import Path


def run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of longtake-server to its end."""
    environment = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    environment |= {
        "LONGTAKE_DATA_FOLDER": str(folder / "data"),
        "LONGTAKE_LISTEN": "127.0.0.1:0",
        "LONGTAKE_MEDIA_URL": f"file://{folder}/media",
    }
    environment |= {f"LONGTAKE_{name.upper()}": value for name, value in settings.items()}
    return subprocess.run(
        [sys.executable, "-m", "longtake_server", *words],
        env=environment,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def printed(ended: subprocess.CompletedProcess[str]) -> str:
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout


def refused(ended: subprocess.CompletedProcess[str]) -> str:
    assert (ended.returncode, ended.stdout) == (1, "")
    lines = [line for line in ended.stderr.splitlines() if line.startswith("longtake-server: ")]
    assert len(lines) == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    return lines[0]


def test_migrate_says_the_versions_of_a_database(tmp_path: Path, database_url: str) -> None:
    place, newest = f"the database {DatabaseAddress(database_url)}", schema.NEWEST_VERSION
    first, second = (run(tmp_path, "migrate", database_url=database_url) for _ in range(2))
    assert printed(first) == f"{place} had no schema and now has schema version {newest}\n"
    assert printed(second) == (
        f"{place} has schema version {newest}, the newest; nothing was changed\n"
    )


def test_migrate_says_the_versions_of_a_file(tmp_path: Path) -> None:
    file, newest = tmp_path / "data" / "longtake.db", migrations.NEWEST_VERSION
    first, second = (run(tmp_path, "migrate") for _ in range(2))
    assert printed(first) == f"{file} had no schema and now has schema version {newest}\n"
    assert printed(second) == (
        f"{file} has schema version {newest}, the newest; nothing was changed\n"
    )


async def test_a_store_is_copied_to_a_database_by_command(
    tmp_path: Path, database_url: str
) -> None:
    async with server(tmp_path) as longtake:
        await longtake.start()
        said = refused(run(tmp_path, "copy-to-postgres", database_url=database_url))
        assert "is in use by another server; stop that one" in said
    lines = printed(run(tmp_path, "copy-to-postgres", database_url=database_url)).splitlines()
    assert lines[0] == "operations: 0 rows, all equal"
    assert lines[-1].startswith(f"{tmp_path}/data/longtake.db is copied to the database ")
    said = refused(run(tmp_path, "copy-to-postgres", database_url=database_url))
    assert "is not empty: a server has used it; name an empty database in" in said


def test_a_copy_needs_a_target(tmp_path: Path) -> None:
    assert "LONGTAKE_DATABASE_URL is not set" in refused(run(tmp_path, "copy-to-postgres"))


@pytest.mark.parametrize("command", ["serve", "migrate", "usage"])
def test_a_database_that_is_away_ends_with_one_line_without_the_password(
    tmp_path: Path, command: str
) -> None:
    ended = run(
        tmp_path,
        command,
        database_url="postgresql://ann:hush@127.0.0.1:1/longtake",
        database_wait_seconds="0.2",
    )
    said = refused(ended)
    waited = " for 0.2 seconds" if command == "serve" else ""
    assert said == (
        f"longtake-server: the database 127.0.0.1:1/longtake cannot be reached{waited}: the "
        "connection is refused; start it, or correct LONGTAKE_DATABASE_URL"
    )
    assert "hush" not in ended.stderr
    assert ("waiting for the database" in ended.stderr) is (command == "serve")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root:hush@one/db", "only PostgreSQL is supported"),
        ("postgresql://one/db?sslmod=require&password=hush", "does not know a parameter"),
    ],
)
def test_a_wrong_url_is_found_by_check_config(tmp_path: Path, url: str, says: str) -> None:
    said = refused(run(tmp_path, "check-config", database_url=url))
    assert said.startswith("longtake-server: LONGTAKE_DATABASE_URL")
    assert says in said
    assert "hush" not in said


def test_a_probe_connects_to_the_database(tmp_path: Path, database_url: str) -> None:
    ended = run(tmp_path, "check-config", "--probe", database_url=database_url)
    assert "\ndatabase: OK\n" in printed(ended)
    wrong = database_url.replace("/postgres?", "/missing?")
    ended = run(tmp_path, "check-config", "--probe", database_url=wrong)
    assert ended.returncode == 1
    assert "/missing does not exist; create it, or correct its name in" in ended.stdout


async def test_a_server_that_waits_for_its_database_can_be_stopped(tmp_path: Path) -> None:
    waiting = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "longtake_server", "serve"),
        env={
            **os.environ,
            "LONGTAKE_LISTEN": "127.0.0.1:0",
            "LONGTAKE_DATA_FOLDER": str(tmp_path / "data"),
            "LONGTAKE_MEDIA_URL": f"file://{tmp_path}/media",
            "LONGTAKE_DATABASE_URL": "postgresql://127.0.0.1:1/longtake",
            "LONGTAKE_DATABASE_WAIT_SECONDS": "86400",
        },
        stderr=asyncio.subprocess.PIPE,
    )
    assert waiting.stderr is not None
    assert b"the embedded simulator" in await waiting.stderr.readline()
    assert b"waiting for the database" in await waiting.stderr.readline()
    waiting.terminate()
    assert await waiting.stderr.read() == b""
    assert await waiting.wait() == 0


async def test_servers_that_start_together_on_an_empty_database_all_serve(
    tmp_path: Path, database_url: str
) -> None:
    async with AsyncExitStack() as stack:
        servers = []
        for number in range(3):
            (tmp_path / str(number)).mkdir()
            settings = {"database_url": database_url, "media_url": f"file://{tmp_path}/media"}
            servers.append(
                await stack.enter_async_context(server(tmp_path / str(number), None, **settings))
            )
        await asyncio.gather(*(each.start() for each in servers))
        for each in servers:
            assert "Traceback" not in each.log


async def test_a_simulator_that_replicas_do_not_share_is_warned_of(
    tmp_path: Path, database_url: str
) -> None:
    settings = {"database_url": database_url, "media_url": f"file://{tmp_path}/media"}
    async with server(tmp_path, None, **settings) as longtake:
        await longtake.start()
        assert longtake.log.count("the embedded simulator belongs to this server alone") == 1


def test_videos_in_the_data_folder_are_refused_beside_a_shared_database(
    tmp_path: Path, database_url: str
) -> None:
    said = refused(run(tmp_path, "serve", database_url=database_url, media_url="media"))
    assert "every server must reach the videos; set LONGTAKE_MEDIA_URL" in said
