# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A JSON body is read whole, within its bound, and no member of it is overlooked."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from longtake_server.errors import InvalidRequest, TooManyRequestBytes, Violation
from longtake_server.http.bodies import Members, body_of, parse_body, read_body
from longtake_server.rpc.request_budget import RequestBudget
from starlette.requests import Request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Message

PLENTY = 1 << 20


def request(chunks: Sequence[bytes | None], declared: int | None = None) -> Request:
    """Return a request whose body arrives in chunks; None is a client that leaves."""
    arriving = iter(chunks)

    async def receive() -> Message:
        chunk = next(arriving, b"")
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": chunk != b""}

    headers = [] if declared is None else [(b"content-length", str(declared).encode())]
    return Request({"type": "http", "method": "POST", "headers": headers}, receive)


def violations(error: pytest.ExceptionInfo[InvalidRequest]) -> list[str]:
    return [one.field for one in error.value.violations]


async def test_a_body_may_arrive_in_parts_and_be_large() -> None:
    text = "x" * 200_000
    parts = [b'{"prompt": "', text.encode(), b'"}']

    assert await read_body(request(parts), PLENTY) == {"prompt": text}


@pytest.mark.parametrize("declared", [None, PLENTY])
async def test_a_body_that_is_too_large_is_refused_before_it_is_held(declared: int | None) -> None:
    with pytest.raises(InvalidRequest, match="accepted are at most 10 bytes") as error:
        await read_body(request([b"x" * 8, b"y" * 8], declared), 10)

    assert violations(error) == ["body"]


async def test_a_body_whose_client_leaves_is_cut_off() -> None:
    with pytest.raises(InvalidRequest, match="cut off"):
        await read_body(request([b'{"prompt": ', None]), PLENTY)


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b'{"prompt": "a', b"[]", b"null", b'"text"', b"12", b"\xff{}", b"{} {}",
        b'{"seed": NaN}', b'{"seed": Infinity}', b"[" * 100_000, b'{"seed": ' + b"1" * 5000 + b"}",
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused_without_repeating_it(body: bytes) -> None:
    with pytest.raises(InvalidRequest) as error:
        parse_body(body)

    assert violations(error) == ["body"]
    assert "accepted is a JSON object" in str(error.value)


@pytest.mark.parametrize("name", ["prompt", "\\ud800"])
def test_a_member_that_is_given_twice_is_named(name: str) -> None:
    body = f'{{"instances": [{{"{name}": "a", "{name}": "b"}}]}}'

    with pytest.raises(InvalidRequest, match=": it is given twice") as error:
        parse_body(body.encode())

    (field,) = violations(error)
    assert field.encode()


async def test_the_bytes_of_a_body_are_in_flight_until_its_block_ends() -> None:
    budget = RequestBudget(20)

    async with body_of(request([b'{"a": ', b"true}"]), PLENTY, budget) as body:
        assert body == {"a": True}
        with pytest.raises(TooManyRequestBytes):
            async with body_of(request([b'{"b": false}']), PLENTY, budget):
                pass

    async with body_of(request([b'{"b": "12345678"}']), PLENTY, budget) as body:
        assert body == {"b": "12345678"}


async def test_a_cancelled_body_gives_its_bytes_back() -> None:
    budget = RequestBudget(20)
    waiting = asyncio.Event()

    async def receive() -> Message:
        if not waiting.is_set():
            waiting.set()
            return {"type": "http.request", "body": b"x" * 20, "more_body": True}
        return await asyncio.Future()

    slow = Request({"type": "http", "method": "POST", "headers": []}, receive)

    async def read() -> None:
        async with body_of(slow, PLENTY, budget):
            pass

    reading = asyncio.create_task(read())
    await waiting.wait()
    reading.cancel()
    await asyncio.wait([reading])

    budget.take(20)


def test_each_unknown_member_is_named_by_its_path_at_any_depth() -> None:
    found: list[Violation] = []
    top = Members({"a": {"b": [{"c": 1, "d": 2}]}, "e": None, "f\ud800": 3}, "", found)
    a = top.object("a")
    assert a is not None
    (b,) = a.objects("b")
    assert b.take("c") == 1
    for one in (b, a, top):
        one.finish()

    assert [one.field for one in found] == ["a.b[0].d", "f\\ud800"]


@pytest.mark.parametrize(
    ("value", "number"),
    [(8, 8), (8.0, 8), ("8", 8), ("8.0", 8), (-1, -1), ("-1", -1)],
)
def test_a_whole_number_may_be_written_in_three_ways(value: object, number: int) -> None:
    found: list[Violation] = []

    assert Members({"n": value}, "", found).number("n", -1, 8) == number
    assert not found


@pytest.mark.parametrize(
    "value", [9, -2, 1.5, "1.5", "1_0", " 1", "", True, "x", [], {}, 1e300, "٨", "9" * 30]
)
def test_what_is_no_whole_number_within_its_bounds_is_refused(value: object) -> None:
    found: list[Violation] = []

    assert Members({"n": value}, "", found).number("n", -1, 8) is None
    assert found == [Violation("n", "accepted is a whole number from -1 to 8")]


@pytest.mark.parametrize("text", ["/+8=", "_-8=", "_-8", "/+8"])
def test_bytes_may_be_of_either_alphabet_with_or_without_padding(text: str) -> None:
    assert Members({"b": text}, "", []).bytes("b") == b"\xff\xef"


@pytest.mark.parametrize("text", ["a", "a b=", "ä", "ab\n"])
def test_what_is_no_base64_is_refused(text: str) -> None:
    found: list[Violation] = []

    assert Members({"b": text}, "", found).bytes("b") is None
    assert [one.field for one in found] == ["b"]


@pytest.mark.parametrize(
    ("read", "wrong"),
    [
        ("text", 1), ("text", "\ud800"), ("flag", "true"), ("flag", 1), ("object", []),
        ("objects", {}), ("bytes", 1), ("texts", {"a": 1}), ("texts", {"\ud800": "a"}),
    ],
)  # fmt: skip
def test_a_value_of_a_wrong_shape_is_refused_once(read: str, wrong: Any) -> None:
    found: list[Violation] = []

    assert not getattr(Members({"m": wrong}, "", found), read)("m")
    assert len(found) == 1
    assert found[0].field.startswith("m")


def test_a_body_with_very_many_wrong_members_gets_a_bounded_list() -> None:
    found: list[Violation] = []

    Members({str(number): number for number in range(5000)}, "", found).finish()

    assert len(found) == 100
