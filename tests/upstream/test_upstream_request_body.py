# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Bodies of requests: JSON with media, which become base64 only as they are sent."""

from __future__ import annotations

import base64
import tracemalloc

import pytest
from longtake_server.upstream.request_body import Base64, json_body
from upstream.request_bodies import value_of

_MEBIBYTE = 1 << 20


@pytest.mark.parametrize("size", [0, 1, 2, 3, 196607, 196608, 196609, 1000000])
async def test_a_body_is_the_json_of_its_value(size: int) -> None:
    data = bytes(number % 251 for number in range(size))
    body = json_body({"text": "eine Welle, größer", "media": [Base64(data), Base64(b"b")]})
    expected = {
        "text": "eine Welle, größer",
        "media": [base64.b64encode(data).decode(), "Yg=="],
    }
    assert value_of(body) == expected
    # It can be sent again.
    sent = b"".join([piece async for piece in body])
    assert sent == b"".join(body.pieces())


def test_a_body_without_media_is_one_piece() -> None:
    assert list(json_body({"a": 1}).pieces()) == [b'{"a":1}']


def test_what_json_does_not_know_is_refused() -> None:
    with pytest.raises(TypeError):
        json_body({"a": {1, 2}})


def test_large_media_take_no_memory_of_their_own() -> None:
    media = Base64(bytes(20 * _MEBIBYTE))
    tracemalloc.start()
    try:
        assert sum(map(len, json_body({"media": media}).pieces())) > 26 * _MEBIBYTE
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * _MEBIBYTE
