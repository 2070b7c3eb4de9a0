# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The settings of authentication fit together."""

from __future__ import annotations

import re

import pytest
from longtake_server.errors import StartFailure
from longtake_server.settings import load_settings


def set_all(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"LONGTAKE_{name.upper()}", value)


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("keys", ("keys",)),
        ("keys, tokens", ("keys", "tokens")),
        ("certificates,tokens,keys", ("certificates", "tokens", "keys")),
    ],
)
def test_methods_stand_between_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, methods: tuple[str, ...]
) -> None:
    set_all(monkeypatch, {"authentication": text})
    if len(methods) > 1:
        set_all(monkeypatch, {"identity_file": "identity.toml"})
    assert load_settings(None).authentication == methods


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"authentication": "passwords"},
            "LONGTAKE_AUTHENTICATION: accepted is keys, tokens and certificates, or some of them",
        ),
        (
            {"authentication": "tokens"},
            "LONGTAKE_AUTHENTICATION has tokens, which needs LONGTAKE_IDENTITY_FILE",
        ),
        (
            {"authentication": "keys,certificates"},
            "LONGTAKE_AUTHENTICATION has certificates, which needs LONGTAKE_IDENTITY_FILE",
        ),
        (
            {"authentication": "keys", "trust_caller_header": "x-caller"},
            "give either LONGTAKE_AUTHENTICATION or LONGTAKE_TRUST_CALLER_HEADER, not both",
        ),
        (
            {"authentication": "keys", "identity_file": "identity.toml"},
            "LONGTAKE_IDENTITY_FILE has an effect only if LONGTAKE_AUTHENTICATION has tokens",
        ),
        ({"identity_file": "identity.toml"}, "LONGTAKE_IDENTITY_FILE has an effect only if"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_named(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], says: str
) -> None:
    set_all(monkeypatch, settings)
    with pytest.raises(StartFailure, match=re.escape(says)):
        load_settings(None)


def test_a_trusted_header_may_have_an_identity_file(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"trust_caller_header": "x-caller", "identity_file": "identity.toml"})
    assert load_settings(None).identity_file is not None
