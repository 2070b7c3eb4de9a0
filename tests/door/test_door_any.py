# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Whatever a client sends: an address admits or is refused, and a part lies within its video."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from longtake_server.http.ranges import RangeUnsatisfiable, part_of
from longtake_server.http.signed import AddressRefused, read, signed
from longtake_server.identity.signing_keys import SigningKey
from longtake_server.operations.results.addresses import Disposition, VideoGrant

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KEY = SigningKey("0a1b", b"secret" * 6, NOW)
GRANT = VideoGrant("operations/x", 3, "ann", "k1", NOW + timedelta(hours=1), Disposition.INLINE)
NAMES = ("expires", "disposition", "principal", "credential", "signer", "signature")
Query = list[tuple[str, str]]


def grant_of(operation: str, file: str, query: Query) -> VideoGrant:
    """Return what an address grants, or raise AddressRefused."""
    return read(operation, file, query).check(KEY, NOW)


def query_of(grant: VideoGrant) -> Query:
    return parse_qsl(urlsplit(signed(grant, "video/mp4", KEY)).query, keep_blank_values=True)


@given(
    st.builds(
        VideoGrant,
        st.from_regex(r"operations/[a-zA-Z0-9_-]{1,64}", fullmatch=True),
        st.integers(0, 999_999),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=100),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
        st.integers(1, 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds)),
        st.sampled_from(Disposition),
    ),
    st.sampled_from(["video/mp4", "video/webm", "video/x-unknown"]),
)
def test_what_was_signed_is_granted(grant: VideoGrant, mime_type: str) -> None:
    parts = urlsplit(signed(grant, mime_type, KEY))
    *_, operation, _, file = parts.path.split("/")
    assert grant_of(operation, file, parse_qsl(parts.query, keep_blank_values=True)) == grant


@given(
    st.text(max_size=70),
    st.text(max_size=20),
    st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=9), st.text(max_size=50))),
)
def test_what_was_not_signed_is_refused(operation: str, file: str, query: Query) -> None:
    with pytest.raises(AddressRefused):
        grant_of(operation, file, query)


@given(st.sampled_from(NAMES), st.text(max_size=60))
@example("expires", "01795525200")
@example("signature", "")
def test_no_parameter_can_be_another(name: str, value: str) -> None:
    query = dict(query_of(GRANT))
    # Which key is asked is up to the server, and the same one signed all of these.
    assume(name != "signer" and value != query[name])
    query[name] = value
    with pytest.raises(AddressRefused):
        grant_of("x", "3.mp4", list(query.items()))


@given(st.text(max_size=40) | st.from_regex(r"bytes=\d{0,20}-\d{0,20}"), st.integers(0, 10**12))
def test_a_part_lies_within_its_video(wanted: str, size: int) -> None:
    try:
        part = part_of(wanted, size)
    except RangeUnsatisfiable:
        return
    assert part is None or 0 <= part.first < part.end <= size
