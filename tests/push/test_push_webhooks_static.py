# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Webhooks signed with a shared secret, over a socket."""

from __future__ import annotations

import httpx
import pytest
from longtake_server.clock import SystemClock
from longtake_server.push.server import PushConfig
from push.push_receiving import receiving
from push.push_senders import SECRET, event, now, static_headers

STATIC = PushConfig(webhook_secret=SECRET)
LIMIT = 256 << 10


async def test_a_signed_webhook_is_a_hint() -> None:
    body = event("up/1")
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, static_headers(body)) == 204
        assert await parts.hinted() == "interaction.completed"
        assert await parts.hinted() == "v1"
        assert await parts.hinted() == "up/1"


async def test_one_right_signature_of_several_is_enough() -> None:
    body = event("up/1")
    headers = static_headers(body)
    headers["webhook-signature"] = f"v1,d3Jvbmc= {headers['webhook-signature']}"
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, headers) == 204


async def test_another_secret_is_refused() -> None:
    body = event("up/1")
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, static_headers(body, key=b"another secret of us")) == 401
        parts.assert_no_more()


async def test_a_changed_body_id_or_timestamp_is_refused() -> None:
    body = event("up/1")
    headers = static_headers(body)
    changed = [
        (event("up/2"), headers),
        (body, {**headers, "webhook-id": "msg_2"}),
        (body, {**headers, "webhook-timestamp": str(now() + 1)}),
    ]
    async with receiving(STATIC, SystemClock()) as parts:
        assert [await parts.send(*one) for one in changed] == [401, 401, 401]
        parts.assert_no_more()


@pytest.mark.parametrize("late", [-301, 302])
async def test_a_timestamp_that_is_five_minutes_off_is_refused(late: int) -> None:
    body = event("up/1")
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, static_headers(body, sent=now() + late)) == 401


@pytest.mark.parametrize("timestamp", ["", "soon", "nan", "inf"])
async def test_a_timestamp_that_is_none_is_refused(timestamp: str) -> None:
    body = event("up/1")
    headers = {**static_headers(body), "webhook-timestamp": timestamp}
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, headers) == 401


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
async def test_a_missing_header_is_refused(missing: str) -> None:
    body = event("up/1")
    headers = static_headers(body)
    del headers[missing]
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, headers) == 401


async def test_a_way_of_signing_that_is_not_set_up_is_refused() -> None:
    body = event("up/1")
    headers = static_headers(body) | {"webhook-signature": "a.b.c"}
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, headers) == 401
        assert await parts.send(body, static_headers(body), "/push/pubsub") == 404


async def test_what_comes_twice_is_followed_once() -> None:
    body, next_body = b'"up/1"', b'"up/2"'
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, static_headers(body)) == 204
        assert await parts.send(body, static_headers(body)) == 204
        assert await parts.send(next_body, static_headers(next_body, message_id="msg_2")) == 204
        assert [await parts.hinted(), await parts.hinted()] == ["up/1", "up/2"]
        parts.assert_no_more()


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
async def test_what_is_signed_and_not_json_is_unreadable(body: bytes) -> None:
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(body, static_headers(body)) == 400
        parts.assert_no_more()


async def test_a_body_over_the_limit_is_refused_and_one_at_it_is_not() -> None:
    largest = b'"' + b"x" * (LIMIT - 2) + b'"'
    over = largest + b" "
    async with receiving(STATIC, SystemClock()) as parts:
        assert await parts.send(largest, static_headers(largest)) == 204
        assert await parts.send(over, static_headers(over)) == 413
        assert await parts.send(largest, static_headers(largest)) == 204


async def test_what_is_no_post_is_no_push() -> None:
    async with receiving(STATIC, SystemClock()) as parts, httpx.AsyncClient() as http:
        answer = await http.get(f"{parts.base_url}/push/webhooks")
        assert answer.status_code == 405
        assert "server" not in answer.headers
