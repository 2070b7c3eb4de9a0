# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake-server usage` reports counts and costs, even while a server runs."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.operation_pb2 import GenerateVideosMetadata
from longtake.v1.video_service_pb2 import GenerateVideosRequest, WaitOperationRequest
from longtake_server.storage import migrations
from processes.running import GUARD_SECONDS, server

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "veo-3.1-generate-001"


def usage(data: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "longtake_server", "usage", *options],
        env={**os.environ, "LONGTAKE_DATA_FOLDER": str(data)},
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


async def test_usage_is_told_by_day_caller_and_model(tmp_path: Path) -> None:
    before = datetime.now(UTC).date()
    async with server(
        tmp_path, simulator_latency_seconds="0", trust_caller_header="x-caller"
    ) as longtake:
        stub = await longtake.start()
        for caller, words in (("ann", ""), ("ann", "[sim:reject]"), ("bob", "")):
            metadata = (("x-caller", caller),)
            labels = {"team": "ads"} if caller == "ann" else {}
            request = GenerateVideosRequest(
                model=MODEL,
                prompt=f"a dog {words}",
                config=GenerateVideosConfig(labels=labels),
            )
            operation = await stub.GenerateVideos(request, metadata=metadata)
            waiting = WaitOperationRequest(name=operation.name)
            while not operation.done:
                operation = await stub.WaitOperation(waiting, metadata=metadata)
            succeeded = operation.metadata.state == GenerateVideosMetadata.State.SUCCEEDED
            assert succeeded is not bool(words)
        rows = {row["caller"]: row for row in await longtake.usage()}
        assert set(rows) == {"ann", "bob"}
        ann = rows["ann"]
        assert (ann["accepted"], ann["succeeded"], ann["failed"]) == (2, 1, 1)
        assert ann["model"] == MODEL
        assert ann["billed_milliseconds"] == 8000
        assert ann["reserved_micros"] == 0
        assert ann["settled_micros"] == rows["bob"]["settled_micros"] > 0
        only = await longtake.usage("--caller", "bob", "--since", before.isoformat())
        assert only == [rows["bob"]]
        assert await longtake.usage("--until", (before - timedelta(days=1)).isoformat()) == []
        grouped = await longtake.usage("--by", "principal,label:team")
        assert [(row["principal"], row["label:team"], row["accepted"]) for row in grouped] == [
            ("ann", "ads", 2),
            ("bob", None, 1),
        ]
        assert grouped[1]["settled_micros"] == rows["bob"]["settled_micros"]
    table = usage(tmp_path / "data").stdout.splitlines()
    assert table[0].split()[:4] == ["day", "caller", "model", "accepted"]
    assert [line.split()[1:4] for line in table[1:]] == [["ann", MODEL, "2"], ["bob", MODEL, "1"]]
    by_team = usage(tmp_path / "data", "--by", "label:team,model").stdout.splitlines()
    assert by_team[0].split()[:3] == ["model", "label:team", "accepted"]
    assert [line.split()[:3] for line in by_team[1:]] == [[MODEL, "-", "1"], [MODEL, "ads", "2"]]


@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_day_that_is_none_is_named(tmp_path: Path, option: str) -> None:
    ended = usage(tmp_path, option, "yesterday")
    assert ended.returncode == 2
    assert f"argument {option}: 'yesterday' is not a day; give YYYY-MM-DD" in ended.stderr


@pytest.mark.parametrize(
    ("grouping", "says"),
    [
        ("month", "'month' is unknown; give any of day, model, principal and label:KEY"),
        ("", "'' is unknown"),
        ("label:", "'label:' is unknown"),
        ("day,day", "'day' is a second day"),
        ("label:a,label:b", "'label:b' is a second label"),
    ],
)
def test_a_grouping_that_is_none_is_named(tmp_path: Path, grouping: str, says: str) -> None:
    ended = usage(tmp_path, "--by", grouping)
    assert ended.returncode == 2
    assert f"argument --by: {says}" in ended.stderr


def test_a_database_that_is_not_there_is_named_and_not_made(tmp_path: Path) -> None:
    ended = usage(tmp_path)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"longtake-server: {tmp_path / 'longtake.db'} does not exist; "
        "set LONGTAKE_DATA_FOLDER to the data folder of a server\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("version", "says"),
    [
        (migrations.NEWEST_VERSION + 1, "start the newer server"),
        (migrations.NEWEST_VERSION - 1, "`longtake-server migrate`, or the start of this server"),
    ],
)
def test_another_schema_is_told(tmp_path: Path, version: int, says: str) -> None:
    with closing(sqlite3.connect(tmp_path / "longtake.db")) as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    ended = usage(tmp_path)
    assert ended.returncode == 1
    assert f"has schema version {version}" in ended.stderr
    assert says in ended.stderr
    assert "Traceback" not in ended.stderr


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "longtake.db").write_bytes(b"this is not a database" * 100)
    ended = usage(tmp_path)
    assert ended.returncode == 1
    assert "cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr
