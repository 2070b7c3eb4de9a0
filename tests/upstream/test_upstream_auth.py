# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Credentials: refreshed off the loop, once for all callers, and never shown."""

from __future__ import annotations

import asyncio
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from fakes.platform import OPERATION, UPSTREAM_OPERATION, agent_platform
from fakes.scripted_http import error_reply, json_reply, scripted_http
from google.auth.credentials import Credentials
from google.auth.exceptions import (
    DefaultCredentialsError,
    GoogleAuthError,
    RefreshError,
    TransportError,
)
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.operations.model import Code
from longtake_server.operations.upstream import NotNow
from longtake_server.upstream.auth import (
    ApiKey,
    GoogleCredentials,
    StaticToken,
    TokenUnavailable,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def minutes_from_now(minutes: float) -> datetime:
    # google-auth compares with the machine's clock, without a time zone.
    return (datetime.now(UTC) + timedelta(minutes=minutes)).replace(tzinfo=None)


def google_error(kind: Callable[..., GoogleAuthError], *arguments: object) -> GoogleAuthError:
    # google-auth types its errors half, and a typed callable stands for them.
    return kind(*arguments)


class CountingCredentials(Credentials):
    """Credentials whose refresh is held until it is let go."""

    def __init__(self, lifetime_minutes: float = 60, error: Exception | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # google-auth is half typed
        self._lifetime_minutes = lifetime_minutes
        self._error = error
        self.started = threading.Event()
        self.let_go = threading.Event()
        self.let_go.set()
        self.threads: list[int] = []

    def refresh(self, request: object) -> None:
        self.threads.append(threading.get_ident())
        self.started.set()
        self.let_go.wait()
        if self._error is not None:
            raise self._error
        self.token = f"token-{len(self.threads)}"
        self.expiry = minutes_from_now(self._lifetime_minutes)

    def live(self, minutes: float) -> None:
        self._lifetime_minutes = minutes


async def test_a_token_is_fetched_once_for_all_callers_and_off_the_loop() -> None:
    credentials = CountingCredentials()
    credentials.let_go.clear()
    tokens = GoogleCredentials(lambda: credentials)
    callers = [asyncio.create_task(tokens.headers()) for _ in range(50)]
    # The loop turns while the refresh is held: it is in another thread.
    await asyncio.to_thread(credentials.started.wait)
    credentials.let_go.set()
    headers = await asyncio.gather(*callers)
    assert headers == [{"authorization": "Bearer token-1"}] * 50
    assert len(credentials.threads) == 1
    assert credentials.threads[0] != threading.get_ident()
    await tokens.aclose()


async def test_a_caller_that_leaves_does_not_end_the_refresh_of_the_others() -> None:
    credentials = CountingCredentials()
    credentials.let_go.clear()
    tokens = GoogleCredentials(lambda: credentials)
    leaving, staying = (asyncio.create_task(tokens.headers()) for _ in range(2))
    await asyncio.to_thread(credentials.started.wait)
    leaving.cancel()
    credentials.let_go.set()
    with pytest.raises(asyncio.CancelledError):
        await leaving
    assert await staying == {"authorization": "Bearer token-1"}
    await tokens.aclose()


async def test_a_fresh_token_is_used_again_and_a_forced_one_is_new() -> None:
    credentials = CountingCredentials()
    tokens = GoogleCredentials(lambda: credentials)
    assert await tokens.headers() == await tokens.headers()
    assert await tokens.headers(force_refresh=True) == {"authorization": "Bearer token-2"}
    await tokens.aclose()


async def test_a_token_near_its_end_serves_while_the_next_is_fetched() -> None:
    credentials = CountingCredentials(lifetime_minutes=2)
    tokens = GoogleCredentials(lambda: credentials)
    assert await tokens.headers() == {"authorization": "Bearer token-1"}
    credentials.live(60)
    credentials.let_go.clear()
    assert await tokens.headers() == {"authorization": "Bearer token-1"}
    credentials.let_go.set()
    assert tokens._refreshing is not None
    await tokens._refreshing
    assert await tokens.headers() == {"authorization": "Bearer token-2"}
    await tokens.aclose()


async def test_an_expired_token_is_never_used() -> None:
    credentials = CountingCredentials(lifetime_minutes=-1)
    tokens = GoogleCredentials(lambda: credentials)
    await tokens.headers()
    assert await tokens.headers() == {"authorization": "Bearer token-2"}
    await tokens.aclose()


async def test_a_caller_waits_no_longer_than_the_deadline() -> None:
    credentials = CountingCredentials()
    credentials.let_go.clear()
    tokens = GoogleCredentials(lambda: credentials, deadline_seconds=0.01)
    with pytest.raises(TokenUnavailable, match="no access token within"):
        await tokens.headers()
    credentials.let_go.set()
    await tokens.aclose()


@pytest.mark.parametrize(
    "error",
    [
        google_error(RefreshError, "invalid_grant", {"access_token": "secret"}),
        google_error(TransportError, "secret"),
        google_error(DefaultCredentialsError, "secret"),
        OSError("secret"),
        ValueError("secret"),
    ],
)
async def test_a_failure_shows_nothing_secret(error: Exception) -> None:
    credentials = CountingCredentials(error=error)
    tokens = GoogleCredentials(lambda: credentials)
    with pytest.raises(TokenUnavailable) as caught:
        await tokens.headers()
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None
    await tokens.aclose()


async def test_without_a_token_nothing_is_submitted() -> None:
    tokens = GoogleCredentials(lambda: CountingCredentials(error=google_error(RefreshError, "no")))
    async with scripted_http() as google, agent_platform(google.url, tokens=tokens) as platform:
        with pytest.raises(NotNow) as caught:
            await platform.submit(OPERATION, "m", GenerateVideosRequest(prompt="p"))
    assert caught.value.failure.code is Code.UNAVAILABLE
    assert google.requests == []


async def test_a_refused_token_is_renewed_before_the_second_try() -> None:
    credentials = CountingCredentials()
    tokens = GoogleCredentials(lambda: credentials)
    refused = error_reply(401, "UNAUTHENTICATED", "expired")
    accepted = json_reply(200, {"name": UPSTREAM_OPERATION})
    async with (
        scripted_http(refused, accepted) as google,
        agent_platform(google.url, tokens=tokens) as platform,
    ):
        await platform.submit(OPERATION, "m", GenerateVideosRequest(prompt="p"))
    sent = [request.headers["authorization"] for request in google.requests]
    assert sent == ["Bearer token-1", "Bearer token-2"]


async def test_the_quota_project_is_told() -> None:
    credentials = CountingCredentials()
    credentials._quota_project_id = "payer"
    tokens = GoogleCredentials(lambda: credentials)
    assert (await tokens.headers())["x-goog-user-project"] == "payer"
    assert (await StaticToken("t", "payer").headers())["x-goog-user-project"] == "payer"
    await tokens.aclose()


async def test_a_key_has_its_own_header_and_is_not_shown() -> None:
    assert await ApiKey("the-key").headers() == {"x-goog-api-key": "the-key"}
    for source in (ApiKey("the-key"), StaticToken("the-key")):
        assert "the-key" not in repr(source)


@pytest.mark.parametrize("secret", ["", " ", "a\nb", "ключ"])
def test_what_cannot_be_a_header_is_refused_without_showing_it(secret: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        StaticToken(secret)
