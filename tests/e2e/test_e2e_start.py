# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A server that cannot start prints one line, exits with an error and leaves nothing behind."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from processes.running import GUARD_SECONDS


def start(
    data: Path, largest_file: int | None = None, **settings: str
) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if "LONGTAKE" not in name}
    environment |= {"LONGTAKE_LISTEN": "127.0.0.1:0", "LONGTAKE_DATA_FOLDER": str(data)}
    environment |= {f"LONGTAKE_{name.upper()}": value for name, value in settings.items()}
    # A limit on the size of files simulates a full disk.
    limit = [] if largest_file is None else ["prlimit", f"--fsize={largest_file}"]
    return subprocess.run(
        [*limit, sys.executable, "-m", "longtake_server", "serve"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )


def assert_one_line(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode == 1, ended.stderr
    assert "serving" not in ended.stdout
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("longtake-server: ")
    for word in words:
        assert word in lines[0]


def test_a_corrupt_database(tmp_path: Path) -> None:
    database = tmp_path / "longtake.db"
    database.write_bytes(b"this is not a database" * 100)
    assert_one_line(start(tmp_path), str(database))
    assert database.read_bytes() == b"this is not a database" * 100


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert_one_line(start(tmp_path / "data"), str(tmp_path / "data"))


def test_a_data_folder_that_cannot_be_made() -> None:
    assert_one_line(start(Path("/proc/longtake")), "/proc/longtake")


@pytest.mark.parametrize("largest_file", [0, 8192])
def test_a_full_disk(tmp_path: Path, largest_file: int) -> None:
    assert_one_line(start(tmp_path, largest_file=largest_file), str(tmp_path / "longtake.db"))


def test_a_database_of_a_newer_version(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "longtake.db")) as database:
        database.execute("PRAGMA user_version = 999")
    assert_one_line(start(tmp_path), str(tmp_path / "longtake.db"), "newer")


def test_a_database_that_another_server_uses(tmp_path: Path) -> None:
    with ExitStack() as stack:
        environment = {**os.environ, "LONGTAKE_LISTEN": "127.0.0.1:0"}
        environment["LONGTAKE_DATA_FOLDER"] = str(tmp_path)
        other = stack.enter_context(
            subprocess.Popen(
                [sys.executable, "-m", "longtake_server", "serve"],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        )
        stack.callback(other.terminate)
        assert other.stdout is not None
        assert b"serving" in other.stdout.readline()
        assert_one_line(start(tmp_path), str(tmp_path), "another")


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        assert_one_line(start(tmp_path, listen=address), address, "LONGTAKE_LISTEN", "another")


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("127.0.0.1", "the port is missing"),
        ("127.0.0.1:99999", "from 0 to 65535"),
        ("nowhere.invalid:50051", "the host name has no address"),
        ("192.0.2.1:50051", "this machine does not have that address"),
    ],
)
def test_an_address_that_cannot_be_listened_on(tmp_path: Path, address: str, says: str) -> None:
    ended = start(tmp_path, listen=address, insecure="plaintext,no-authentication")
    assert_one_line(ended, "LONGTAKE_LISTEN", says)


def test_a_media_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = start(tmp_path, media_url=str(tmp_path / "file" / "media"))
    assert_one_line(ended, "videos cannot be stored in", "LONGTAKE_MEDIA_URL")


def test_a_taken_port_for_pushes(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = start(tmp_path, push_listen=address, push_audience="mine")
        assert_one_line(ended, address, "LONGTAKE_PUSH_LISTEN", "another program")


def test_wrong_settings_are_told_all_at_once_a_line_each(tmp_path: Path) -> None:
    unused = "hush"
    ended = start(
        tmp_path,
        grace_seconds="-1",
        max_watches="none",
        google_access_token=unused,
        upstream="agent_platform",
        listne="x",
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert [line.split()[1].rstrip(":") for line in sorted(ended.stderr.splitlines())] == [
        "LONGTAKE_GRACE_SECONDS",
        "LONGTAKE_LISTNE",
        "LONGTAKE_MAX_WATCHES",
        "LONGTAKE_UPSTREAM",
    ]
    assert unused not in ended.stderr


def test_an_upstream_without_its_project(tmp_path: Path) -> None:
    assert_one_line(start(tmp_path, upstream="agent_platform"), "LONGTAKE_GOOGLE_PROJECT")


def test_check_config_reads_the_catalogue_as_the_server_does(tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_text('[models."veo-3.1-generate-001"]\nmax_videos = 0\n')
    ended = subprocess.run(
        [sys.executable, "-m", "longtake_server", "check-config"],
        env={**os.environ, "LONGTAKE_CATALOGUE_FILE": str(file)},
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert_one_line(ended, "models.veo-3.1-generate-001", "max_videos: accepted is 1 or more")


@pytest.mark.parametrize("command", ["serve", "check-config"])
def test_a_settings_file_that_is_missing(tmp_path: Path, command: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "longtake_server", command, "--config", str(tmp_path / "none.toml")],
        capture_output=True,
        text=True,
        timeout=GUARD_SECONDS,
        check=False,
    )
    assert_one_line(ended, "none.toml")
