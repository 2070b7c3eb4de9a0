# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake-server keys` writes credentials files for Google's SDKs."""

from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from identity.identity_command import Run

CREATE = ("create", "--principal", "ann", "--google-credentials")
# Of a database without keys, and without a database.
NO_KEYS = ("[]\n", "")


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where a file goes, with a server that callers can reach."""
    monkeypatch.setenv("LONGTAKE_PUBLIC_URL", "https://longtake.example/base/")
    return tmp_path / "credentials.json"


def listed(keys: Run) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(keys("list", "--json")[1])
    return rows


def test_a_file_is_for_its_owner_alone_and_names_the_key(keys: Run, file: Path) -> None:
    code, output, errors = keys(*CREATE, str(file))

    content = json.loads(file.read_text())
    (key,) = listed(keys)
    assert (code, output) == (0, "")
    assert "nowhere else" in errors
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert content["type"] == "service_account"
    assert content["token_uri"] == "https://longtake.example/base/token"
    assert content["private_key_id"] == key["id"]
    assert key["has_google_credentials"] is True
    private = "".join(content["private_key"].splitlines()[1:-1])
    assert private not in output + errors + json.dumps(key)


def test_json_names_the_file_and_shows_no_secret(keys: Run, file: Path) -> None:
    _, output, _ = keys(*CREATE, str(file), "--json", "--google-results", "addresses")

    made = json.loads(output)
    assert made["file"] == str(file)
    assert made["google_results"] == "addresses"
    assert "key" not in made


def test_without_a_public_url_the_address_of_a_loopback_listener_is_written(
    keys: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LONGTAKE_HTTP_LISTEN", "127.0.0.1:8082")
    keys(*CREATE, str(tmp_path / "a.json"))

    content = json.loads((tmp_path / "a.json").read_text())
    assert content["token_uri"] == "http://127.0.0.1:8082/token"


@pytest.mark.parametrize("listen", [None, "127.0.0.1:0"])
def test_without_an_address_for_callers_there_is_no_file(
    keys: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listen: str | None
) -> None:
    if listen is not None:
        monkeypatch.setenv("LONGTAKE_HTTP_LISTEN", listen)
    code, output, errors = keys(*CREATE, str(tmp_path / "a.json"))

    assert (code, output) == (1, "")
    assert "LONGTAKE_PUBLIC_URL is not set" in errors
    assert not (tmp_path / "a.json").exists()
    assert keys("list", "--json")[1] in NO_KEYS


def test_a_file_that_exists_is_kept_and_no_key_is_made(keys: Run, file: Path) -> None:
    file.write_text("mine")
    code, _, errors = keys(*CREATE, str(file))

    assert code == 1
    assert "exists; name a new file" in errors
    assert file.read_text() == "mine"
    assert keys("list", "--json")[1] in NO_KEYS


def test_a_file_that_cannot_be_written_makes_no_key(keys: Run, file: Path) -> None:
    code, _, errors = keys(*CREATE, str(file.parent / "none" / "a.json"))

    assert code == 1
    assert "cannot be written: No such file or directory" in errors
    assert keys("list", "--json")[1] in NO_KEYS


def test_a_key_that_cannot_be_made_leaves_no_file(keys: Run, file: Path) -> None:
    code, _, _ = keys(*CREATE, str(file), "--expires", "0s")

    assert code == 1
    assert not file.exists()


def test_a_file_is_replaced_by_another_file(keys: Run, file: Path) -> None:
    keys(*CREATE, str(file), "--google-results", "addresses")
    (old,) = listed(keys)
    refused = keys("rotate", old["id"])
    new = file.with_name("new.json")
    code, output, _ = keys("rotate", old["id"], "--google-credentials", str(new))

    assert refused[0] == 1
    assert "name a file for the new key with --google-credentials" in refused[2]
    assert (code, output) == (0, "")
    assert json.loads(new.read_text())["private_key"] not in file.read_text()
    assert [row["google_results"] for row in listed(keys)] == ["addresses", "addresses"]
