# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The format of API keys: what is a key, and what is not."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from longtake_server.errors import CredentialMalformed
from longtake_server.identity.api_key import PATTERN, ApiKey, generate, parse

# A busy machine is no fault of the format.
_UNHURRIED = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_KEYS = st.builds(
    ApiKey, st.text(_BASE62, min_size=12, max_size=12), st.text(_BASE62, min_size=32, max_size=32)
)


def test_the_format_never_changes() -> None:
    key = ApiKey("0123456789AB", "abcdefghijklmnopqrstuvwxyzABCDEF")
    assert key.text == "ltk_0123456789AB_abcdefghijklmnopqrstuvwxyzABCDEF2Ttx9y"
    assert key.hash.hex() == ("cfd2f1fad75a1978da0a444883db7251414b139f31f5a04704c291fdb0e175e6")


@_UNHURRIED
@given(_KEYS)
def test_every_key_is_read_back_and_found_by_the_scanner(key: ApiKey) -> None:
    assert parse(key.text) == key
    assert re.findall(PATTERN, f"LONGTAKE_API_KEY={key.text}\n") == [key.text]
    assert len(key.text) == 55


def test_new_keys_differ_and_are_keys() -> None:
    keys = {generate() for _ in range(100)}
    assert len(keys) == len({key.id for key in keys}) == len({key.secret for key in keys}) == 100
    assert {parse(key.text) for key in keys} == keys


@_UNHURRIED
@given(st.one_of(st.text(), st.from_regex(PATTERN, fullmatch=True)))
def test_what_was_not_made_as_a_key_is_malformed(text: str) -> None:
    try:
        key = parse(text)
    except CredentialMalformed:
        return
    assert key.text == text


@_UNHURRIED
@given(_KEYS, st.integers(0, 54), st.characters())
def test_a_key_with_one_other_character_is_malformed(
    key: ApiKey, place: int, character: str
) -> None:
    assume(key.text[place] != character)
    wrong = key.text[:place] + character + key.text[place + 1 :]
    with pytest.raises(CredentialMalformed) as refused:
        parse(wrong)
    assert key.secret not in str(refused.value)


@_UNHURRIED
@given(_KEYS, st.integers(0, 54))
def test_a_key_that_was_cut_or_has_more_is_malformed(key: ApiKey, length: int) -> None:
    for wrong in (key.text[:length], key.text + "\n", " " + key.text, key.text * 2):
        with pytest.raises(CredentialMalformed):
            parse(wrong)


def test_no_repr_shows_the_secret() -> None:
    key = generate()
    assert repr(key) == f"ApiKey(id='{key.id}')"
