# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of `longtake-server keys`: what each accepts, and what it says of anything else."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from identity.identity_command import Run

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["create"], 2, "--principal"),
        (["create", "--principal", ""], 2, "accepted are 1 to 128 letters, digits"),
        (["create", "--principal", "a b"], 2, "accepted are 1 to 128 letters, digits"),
        (["create", "--principal", "-a"], 2, "--principal"),
        (["create", "--principal", "a" * 129], 2, "accepted are 1 to 128 letters, digits"),
        (["create", "--principal", "a", "--role", "boss"], 2, "generator, reader, admin"),
        (["create", "--principal", "a", "--label", "team"], 2, "KEY=VALUE"),
        (["create", "--principal", "a", "--label", "Team=x"], 1, "--label: the key 'Team'"),
        (["create", "--principal", "a", "--label", "a=1", "--label", "a=2"], 1, "given twice"),
        (["create", "--principal", "a", "--expires", "soon"], 2, "for example 90d"),
        (["create", "--principal", "a", "--expires", "2999-01-01T00:00:00"], 2, "its zone"),
        (["create", "--principal", "a", "--expires", "36501d"], 2, "at most 100 years"),
        (["create", "--principal", "a", "--expires", "0s"], 1, "a time in the future"),
        (["create", "--principal", "a", "--expires", "2020-01-01"], 1, "a time in the future"),
        (["create", "--principal", "a", "--expires", "9999-12-31"], 1, "at most 100 years"),
        (["revoke", "0" * 12], 1, "there is no key with the id 000000000000"),
        (["rotate", "0" * 12], 1, "there is no key with the id 000000000000"),
        (["rotate", "0" * 12, "--overlap", "1"], 2, "for example 90d"),
        (["revoke"], 2, "ID"),
        ([], 2, "COMMAND"),
    ],
)
def test_what_is_wrong_is_named_in_one_line(
    tmp_path: Path, keys: Run, words: list[str], code: int, says: str
) -> None:
    ended, output, errors = keys(*words)
    assert (ended, output) == (code, "")
    assert says in errors.splitlines()[-1]
    assert not (tmp_path / "longtake.db").exists() or keys("list", "--json")[1] == "[]\n"


@pytest.mark.parametrize("principal", ["a", "0", "Ann.B_c-d:e/f@example.com", "a" * 128])
def test_a_principal_is_kept_as_it_is_given(keys: Run, principal: str) -> None:
    code, output, _ = keys("create", "--principal", principal, "--json")
    assert code == 0
    assert json.loads(output)["principal"] == principal


@pytest.mark.parametrize(
    ("words", "lasting"),
    [
        ("90m", 90 * MINUTE),
        ("3600s", 60 * MINUTE),
        ("36h", 36 * 60 * MINUTE),
        ("36500d", timedelta(days=36500)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_a_key_lasts_as_long_as_it_is_told(keys: Run, words: str, lasting: timedelta) -> None:
    row = json.loads(keys("create", "--principal", "ann", "--expires", words, "--json")[1])
    created = datetime.fromisoformat(row["create_time"])
    assert datetime.fromisoformat(row["expire_time"]) - created == lasting


@pytest.mark.parametrize(
    ("words", "expires"),
    [
        ("2090-12-31", "2090-12-31T00:00:00Z"),
        ("2090-12-31T12:00:00Z", "2090-12-31T12:00:00Z"),
        ("2090-12-31T12:00:00+09:00", "2090-12-31T03:00:00Z"),
    ],
)
def test_a_key_expires_when_it_is_told(keys: Run, words: str, expires: str) -> None:
    row = json.loads(keys("create", "--principal", "ann", "--expires", words, "--json")[1])
    assert row["expire_time"] == expires
