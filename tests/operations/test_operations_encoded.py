# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A video as base64: the text of the whole, however its bytes arrive."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as some
from longtake_server.operations.results.encoded import encoded, encoded_size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


async def stream(chunks: Sequence[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@given(some.lists(some.binary(max_size=8), max_size=8))
async def test_the_text_is_that_of_the_whole(chunks: list[bytes]) -> None:
    parts = [part async for part in encoded(stream(chunks))]
    whole = b"".join(chunks)
    assert b"".join(parts) == base64.b64encode(whole)
    assert all(parts)
    assert encoded_size(len(whole)) == len(base64.b64encode(whole))


async def test_a_large_chunk_comes_in_parts_of_at_most_a_quarter_of_a_mebibyte() -> None:
    chunks = [bytes(range(256)) * 4096] * 4
    parts = [part async for part in encoded(stream(chunks))]
    assert max(map(len, parts)) == 1 << 18
    assert b"".join(parts) == base64.b64encode(b"".join(chunks))
