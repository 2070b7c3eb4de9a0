# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Pushes are received only if they can be verified."""

from __future__ import annotations

import pytest
from longtake_server.errors import StartFailure
from longtake_server.settings import load_settings

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZg=="


def set_all(monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"LONGTAKE_PUSH_{name.upper()}", value)


@pytest.mark.parametrize(
    "ways",
    [
        {"webhook_secret": SECRET},
        {"webhook_secret": SECRET.removeprefix("whsec_")},
        {"jwks_url": "https://example.com/keys"},
        {"audience": "mine"},
        {"pubsub_audience": "mine", "pubsub_email": "me@example.com"},
    ],
    ids=str,
)
def test_one_way_to_verify_is_enough(monkeypatch: pytest.MonkeyPatch, ways: dict[str, str]) -> None:
    set_all(monkeypatch, {"listen": "127.0.0.1:0", **ways})
    assert load_settings(None).push_listen == "127.0.0.1:0"


def test_without_a_way_to_verify_the_start_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"listen": "127.0.0.1:0"})
    with pytest.raises(StartFailure, match="LONGTAKE_PUSH_LISTEN needs a way to verify"):
        load_settings(None)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        (
            {"pubsub_audience": "mine"},
            "PUSH_PUBSUB_AUDIENCE and LONGTAKE_PUSH_PUBSUB_EMAIL go together",
        ),
        (
            {"pubsub_email": "me@example.com"},
            "PUSH_PUBSUB_AUDIENCE and LONGTAKE_PUSH_PUBSUB_EMAIL go together",
        ),
        ({"jwks_url": "file:///etc/passwd"}, "LONGTAKE_PUSH_JWKS_URL: accepted is"),
        ({"webhook_secret": "whsec_no base64"}, "LONGTAKE_PUSH_WEBHOOK_SECRET"),
        ({"webhook_secret": "whsec_c2hvcnQ="}, "at least 16 bytes"),
        ({"audience": ""}, "LONGTAKE_PUSH_AUDIENCE is empty"),
    ],
    ids=str,
)
def test_what_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, settings: dict[str, str], says: str
) -> None:
    set_all(monkeypatch, {"listen": "127.0.0.1:0", **settings})
    with pytest.raises(StartFailure, match=says) as refused:
        load_settings(None)
    assert "c2hvcnQ" not in str(refused.value)


def test_a_way_to_verify_without_a_listener_is_not_ignored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_all(monkeypatch, {"webhook_secret": SECRET})
    with pytest.raises(StartFailure, match="no effect without LONGTAKE_PUSH_LISTEN"):
        load_settings(None)


def test_the_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    set_all(monkeypatch, {"listen": "127.0.0.1:0", "webhook_secret": SECRET})
    settings = load_settings(None)
    assert SECRET not in f"{settings} {settings!r} {settings.model_dump()}"
