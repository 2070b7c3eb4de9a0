# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake-server keys` makes, lists, revokes and rotates keys, even while a server runs."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fakes.clock import FakeClock
from longtake.v1.video_service_pb2 import ListModelsRequest
from longtake_server.errors import CredentialRevoked
from longtake_server.identity.api_key import PATTERN, parse
from longtake_server.identity.keys import KeyRing
from longtake_server.identity.principal import Principal, Role
from longtake_server.storage.sqlite import SqliteStore
from processes.running import GUARD_SECONDS, server

GUIDE = Path(__file__).parents[2] / "docs/operations.md"


def keys(data: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "longtake_server", "keys", *words],
        env={**os.environ, "LONGTAKE_DATA_FOLDER": str(data)},
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def made(data: Path, *words: str) -> str:
    """Create a key of ann, and return the whole key."""
    ended = keys(data, "create", "--principal", "ann", *words)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.removesuffix("\n")


def listed(data: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(keys(data, "list", "--json").stdout)
    return rows


def assert_refused(ended: subprocess.CompletedProcess[str], code: int, says: str) -> None:
    assert ended.returncode == code
    assert ended.stdout == ""
    line = ended.stderr.splitlines()[-1]
    assert says in line
    assert "Traceback" not in ended.stderr


def test_create_prints_the_key_alone_and_nothing_else_keeps_it(tmp_path: Path) -> None:
    ended = keys(
        *(tmp_path, "create", "--principal", "corp:ann@example.com", "--expires", "90d"),
        *("--role", "reader", "--role", "generator", "--label", "team=film", "--label", "run=7"),
    )
    key = parse(ended.stdout.removesuffix("\n"))
    assert ended.stderr.startswith(f"longtake-server: made the key {key.id} of corp:ann@example.")
    assert ended.stderr.count("\n") == 1
    table, printed = keys(tmp_path, "list").stdout, keys(tmp_path, "list", "--json").stdout
    for text in (ended.stderr, table, printed):
        assert key.id in text
        assert key.secret not in text
    stored = b"".join(file.read_bytes() for file in tmp_path.iterdir() if file.is_file())
    assert key.id.encode() in stored
    assert key.hash in stored
    assert key.secret.encode() not in stored

    (row,) = json.loads(printed)
    made_at = datetime.fromisoformat(row["create_time"])
    assert abs(datetime.now(UTC) - made_at) < timedelta(hours=1)
    assert row == {
        "id": key.id,
        "last_four": key.text[-4:],
        "principal": "corp:ann@example.com",
        "roles": ["generator", "reader"],
        "labels": {"run": "7", "team": "film"},
        "create_time": row["create_time"],
        "expire_time": f"{made_at + timedelta(days=90):%Y-%m-%dT%H:%M:%SZ}",
        "revoke_time": None,
        "last_use_time": None,
        "has_google_credentials": False,
        "google_results": None,
    }
    head, line = table.splitlines()
    assert head.split() == [
        *("id", "ends", "in", "principal", "roles", "labels"),
        *("created", "expires", "revoked", "last", "use"),
    ]
    assert line.split() == [
        *(key.id, key.text[-4:], "corp:ann@example.com", "generator,reader", "run=7,team=film"),
        *(row["create_time"], row["expire_time"], "-", "-"),
    ]


async def test_a_running_key_ring_follows_the_command(tmp_path: Path) -> None:
    clock = FakeClock()
    store = await SqliteStore.open(tmp_path / "longtake.db", clock)
    ring = KeyRing(store, clock, read_seconds=GUARD_SECONDS)
    running = asyncio.create_task(ring.run())

    async def next_read() -> None:
        await clock.sleeping(2)
        clock.advance(0.5)
        await clock.sleeping(2)

    try:
        text = await asyncio.to_thread(made, tmp_path, "--role", "admin", "--label", "team=film")
        key_id = parse(text).id
        assert await ring.verify(text) == Principal(
            "ann", frozenset({Role.ADMIN}), {"team": "film"}, key_id
        )
        ended = await asyncio.to_thread(keys, tmp_path, "revoke", key_id)
        assert ended.stderr == f"longtake-server: the key {key_id} of ann is revoked\n"
        await next_read()
        with pytest.raises(CredentialRevoked):
            ring.known(text)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
        await store.close()


async def test_the_command_leaves_a_running_server_alone(tmp_path: Path) -> None:
    async with server(tmp_path) as longtake:
        stub = await longtake.start()
        text = await asyncio.to_thread(made, tmp_path / "data")
        await stub.ListModels(ListModelsRequest())
        assert await longtake.usage() == []
        key_id = parse(text).id
        assert (await asyncio.to_thread(keys, tmp_path / "data", "revoke", key_id)).returncode == 0
    (row,) = listed(tmp_path / "data")
    assert row["revoke_time"] is not None


def test_rotate_keeps_who_it_is_and_lets_the_old_key_expire(tmp_path: Path) -> None:
    old = parse(made(tmp_path, "--role", "reader", "--label", "team=film", "--expires", "10d"))
    ended = keys(tmp_path, "rotate", old.id, "--overlap", "2h", "--json")
    printed = json.loads(ended.stdout)
    new = parse(printed.pop("key"))
    before, after = listed(tmp_path)
    assert after == printed
    assert (before["id"], after["id"]) == (old.id, new.id)
    for name in ("principal", "roles", "labels"):
        assert before[name] == after[name]
    times = {
        f"{row['id']} {name}": datetime.fromisoformat(row[name])
        for row in (before, after)
        for name in ("create_time", "expire_time")
    }
    turned = times[f"{new.id} create_time"]
    assert times[f"{old.id} expire_time"] - turned == timedelta(hours=2)
    assert times[f"{new.id} expire_time"] - turned == timedelta(days=10)
    assert f"the key {old.id} expires at {before['expire_time']}" in ended.stderr
    keys(tmp_path, "rotate", old.id)
    assert listed(tmp_path)[0] == before
    assert new.secret not in ended.stderr


def test_rotate_gives_a_day_and_a_revoked_key_stays_revoked(tmp_path: Path) -> None:
    old = parse(made(tmp_path)).id
    new = parse(keys(tmp_path, "rotate", old, "--expires", "1d").stdout.strip()).id
    before, after = listed(tmp_path)
    assert before["expire_time"] == after["expire_time"]
    assert keys(tmp_path, "revoke", new).returncode == 0
    revoked = listed(tmp_path)[1]
    again = keys(tmp_path, "revoke", new)
    assert (again.returncode, again.stdout) == (0, "")
    assert again.stderr == f"longtake-server: the key {new} was revoked before\n"
    assert listed(tmp_path)[1] == revoked
    assert_refused(keys(tmp_path, "rotate", new), 1, "is revoked or has expired; make a new one")
    assert len(listed(tmp_path)) == 2


@pytest.mark.parametrize("action", ["revoke", "rotate"])
def test_a_whole_key_in_place_of_its_id_is_not_repeated(tmp_path: Path, action: str) -> None:
    key = parse(made(tmp_path))
    ended = keys(tmp_path, action, key.text)
    assert_refused(ended, 2, "accepted are the 12 letters and digits of a key between ltk_ and")
    assert key.secret not in ended.stderr


def test_a_list_without_a_database_is_refused(tmp_path: Path) -> None:
    assert_refused(keys(tmp_path, "list"), 1, "does not exist; set LONGTAKE_DATA_FOLDER")


def test_the_commands_in_the_guide_run(tmp_path: Path) -> None:
    section = GUIDE.read_text().split("\n## API keys\n")[1].split("\n## ")[0]
    assert f"`{PATTERN}`" in section
    commands = section.split("```sh\n")[1].split("```")[0].splitlines()
    assert [line.split()[2] for line in commands] == ["create", "list", "rotate", "revoke"]
    (example,) = {line.split()[3] for line in commands[2:]}
    files: list[str] = []
    for line in commands:
        shown = listed(tmp_path)[0]["id"] if files else ""
        words, _, file = line.replace(example, shown or example).partition(" > ")
        ended = keys(tmp_path, *words.split()[2:])
        assert ended.returncode == 0, ended.stderr
        if file:
            files.append(parse(ended.stdout.strip()).id)
    rows = listed(tmp_path)
    assert [row["id"] for row in rows] == files
    assert [row["revoke_time"] is None for row in rows] == [False, True]
