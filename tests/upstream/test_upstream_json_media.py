# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Media taken out of JSON: the same whatever the pieces, the escapes and the alphabet."""

from __future__ import annotations

import base64
import binascii
import json
import random
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as some
from longtake_server.operations.upstream import OutcomeUnknown
from longtake_server.upstream.json_media import Base64Decoder, MediaSplitter

if TYPE_CHECKING:
    from collections.abc import Sequence

MEMBER = "data"
STRINGS = some.text(alphabet='AZaz09+/=-_"\\\n\u00e9\U0001f600 :', max_size=12)
TREES = some.recursive(
    some.none() | some.booleans() | some.integers() | STRINGS,
    lambda inner: (
        some.lists(inner, max_size=3)
        | some.dictionaries(some.sampled_from([MEMBER, "dat", "data ", "video"]), inner, max_size=3)
    ),
    max_leaves=12,
)
BASE64 = re.compile(r"(?:[\w+/]{4})*(?:[\w+/]{2}==|[\w+/]{3}=)?", re.ASCII)
SEEDS = some.integers(0, 1 << 32)


def pieces_of(body: bytes, seed: int) -> list[bytes]:
    """Cut a body at random places, mostly into pieces of a few bytes."""
    places = random.Random(seed)  # noqa: S311 - it makes test data
    pieces = []
    while body:
        size = places.choice((1, 1, 2, 3, 5, 8, 100))
        pieces.append(body[:size])
        body = body[size:]
    return pieces


def split(pieces: Sequence[bytes]) -> tuple[bytes, list[bytes]]:
    """Return the text without the media, and the media."""
    splitter = MediaSplitter(MEMBER)
    media: list[bytes] = []
    open_numbers: set[int] = set()
    for piece in pieces:
        for part in splitter.feed(piece):
            if part.number == len(media):
                media.append(b"")
                open_numbers.add(part.number)
            assert open_numbers == {part.number}
            media[part.number] += bytes(part.content)
            if part.is_last:
                open_numbers.clear()
    splitter.close()
    return bytes(splitter.text), media


def escaped(text: str, seed: int) -> str:
    """Write a JSON string with escapes at random places."""
    places = random.Random(seed)  # noqa: S311 - it makes test data

    def character(one: str) -> str:
        if one in '"\\' or (one in "/\n" and places.random() < 0.7):
            return json.dumps(one)[1:-1] if one != "/" else "\\/"
        if ord(one) < 0x20 or (ord(one) < 0x10000 and places.random() < 0.3):
            digits = f"{ord(one):04x}"
            return "\\u" + (digits if places.random() < 0.5 else digits.upper())
        return one

    return '"' + "".join(map(character, text)) + '"'


def written(tree: object, seed: int) -> str:
    """Write JSON with random escapes and white space."""
    places = random.Random(seed)  # noqa: S311 - it makes test data

    def blank() -> str:
        return places.choice(("", "", " ", "\n", "\t \r\n"))

    def write(one: object) -> str:
        if isinstance(one, str):
            return escaped(one, places.randrange(1 << 32))
        if isinstance(one, list):
            return "[" + ",".join(blank() + write(each) + blank() for each in one) + "]"
        if isinstance(one, dict):
            members = (
                f'{blank()}"{name}"{blank()}:{blank()}{write(value)}{blank()}'
                for name, value in one.items()
            )
            return "{" + ",".join(members) + "}"
        return json.dumps(one)

    return write(tree)


def taken_out(tree: object, found: list[bytes]) -> object:
    """Return what should be left of a tree, and append its media in order."""
    if isinstance(tree, list):
        return [taken_out(each, found) for each in tree]
    if isinstance(tree, dict):
        left: dict[object, object] = {}
        for name, value in tree.items():
            if name == MEMBER and isinstance(value, str):
                left[name] = str(len(found))
                found.append("".join(c if ord(c) < 128 else "?" for c in value).encode())
            else:
                left[name] = taken_out(value, found)
        return left
    return tree


@given(TREES, SEEDS, SEEDS)
@example({"data": "\\/", "video": '"data": "AAAA"'}, 1, 1)
@example([{"data": ""}, {"data": '"'}, {"data": None}], 2, 2)
def test_the_media_of_any_tree_are_taken_out_in_any_pieces(
    tree: object, writing: int, cutting: int
) -> None:
    body = written(tree, writing).encode()
    expected: list[bytes] = []
    left = taken_out(tree, expected)
    text, media = split(pieces_of(body, cutting))
    assert json.loads(text) == left
    assert [ascii_only(one) for one in media] == expected


def ascii_only(content: bytes) -> bytes:
    """Replace characters that base64 does not have; how they arrive does not matter."""
    text = content.decode("utf-8", "surrogatepass")
    return "".join(c if ord(c) < 128 else "?" for c in text).encode()


@given(some.binary(max_size=200), SEEDS)
def test_any_bytes_are_split_alike_in_any_pieces(body: bytes, cutting: int) -> None:
    def outcome(pieces: Sequence[bytes]) -> object:
        try:
            return split(pieces)
        except OutcomeUnknown:
            return "unknown"

    for one in (body, b'{"data": "' + body):
        assert outcome([one]) == outcome(pieces_of(one, cutting))


@pytest.mark.parametrize("end", range(1, 30))
def test_a_text_that_was_cut_is_no_json(end: int) -> None:
    body = b'{"data": "AAAA", "x": "\\u0041"}'
    text, _ = split([body[:end]])
    with pytest.raises(ValueError, match=r"Expecting|Unterminated|Invalid"):
        json.loads(text)


@pytest.mark.parametrize("escape", [b"\\x0041", b"\\uZZZZ ", b"\\u12 456"])
def test_an_invalid_escape_in_media_is_not_understood(escape: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        split([b'{"data": "AAAA' + escape + b'AAAA"}'])


def test_only_the_text_is_held() -> None:
    splitter = MediaSplitter(MEMBER)
    held = []
    for piece in [b'{"data": "', *[b"A" * 65536] * 100, b'", "x": [', *[b'"y", '] * 100]:
        for _ in splitter.feed(piece):
            pass
        held.append(splitter.held_bytes)
    assert max(held[:101]) == len(b'{"data": "')
    assert held[-1] == len(b'{"data": "0", "x": [') + 5 * 100


def decoded(pieces: Sequence[bytes]) -> bytes | None:
    decoder = Base64Decoder()
    try:
        return b"".join(map(decoder.feed, pieces)) + decoder.finish()
    except binascii.Error:
        return None


@given(some.binary(max_size=100), some.booleans(), some.booleans(), some.booleans(), SEEDS)
def test_bytes_come_out_of_either_alphabet_with_and_without_padding_and_line_breaks(
    data: bytes, url_safe: bool, padded: bool, wrapped: bool, cutting: int
) -> None:
    text = base64.urlsafe_b64encode(data) if url_safe else base64.b64encode(data)
    if not padded:
        text = text.rstrip(b"=")
    if wrapped:
        text = b"\r\n".join(text[at : at + 7] for at in range(0, len(text), 7)) + b"\n"
    assert decoded(pieces_of(text, cutting)) == data


@given(some.text(alphabet="AQz9+/-_=! \n", max_size=20), SEEDS)
@example("QQ==QUJD", 0)
@example("QQ==", 3)
@example("9999=", 0)
@example("9999====", 4)
@example("QQ=\n=", 1)
def test_what_is_base64_does_not_depend_on_the_pieces(text: str, cutting: int) -> None:
    whole = decoded([text.encode()])
    assert decoded(pieces_of(text.encode(), cutting)) == whole
    clean = text.replace("\n", "").replace("-", "+").replace("_", "/")
    padded = clean + "=" * (-len(clean) % 4)
    assert whole == (base64.b64decode(padded) if BASE64.fullmatch(padded) else None)
