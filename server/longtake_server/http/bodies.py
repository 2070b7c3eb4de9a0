# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads JSON bodies strictly: whole, of bounded size, and without a member that nobody knows."""

from __future__ import annotations

import asyncio
import base64
import binascii
import json
import re
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING, Any

from starlette.requests import ClientDisconnect

from longtake_server.errors import InvalidRequest, Violation

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Mapping, Sequence

    from starlette.requests import Request

    from longtake_server.rpc.request_budget import RequestBudget

# Parsing a smaller body is faster than handing it to a thread.
_SMALL_BYTES = 1 << 16
_BETWEEN_CHUNKS_SECONDS = 30.0
_LONGEST_SHOWN = 100
# A body with this many wrong members needs no complete list.
_MOST_VIOLATIONS = 100
_WHOLE = re.compile(r"(-?[0-9]{1,20})(?:\.0{1,20})?")
_FROM_URL_ALPHABET = str.maketrans("-_", "+/")


@asynccontextmanager
async def body_of(
    request: Request, most_bytes: int, budget: RequestBudget
) -> AsyncGenerator[dict[str, Any]]:
    """Read a body as `read_body` does, and count its bytes as in flight until the block ends.

    Raises as `read_body`, and TooManyRequestBytes if the requests in flight leave no room.
    """
    async with bytes_of(request, most_bytes, budget) as body:
        yield await _parsed(body)


@asynccontextmanager
async def bytes_of(
    request: Request, most_bytes: int, budget: RequestBudget
) -> AsyncGenerator[bytearray]:
    """Read a body without parsing it, and count its bytes as in flight until the block ends.

    Raises:
        InvalidRequest: The body is larger, or is cut off.
        TooManyRequestBytes: The requests in flight leave no room.

    """
    held = 0

    def count(size: int) -> None:
        nonlocal held
        budget.take(size)
        held += size

    try:
        yield await _read(request, most_bytes, count)
    finally:
        budget.give_back(held)


async def read_body(request: Request, most_bytes: int) -> dict[str, Any]:
    """Return the JSON object in the body of a request.

    Args:
        request: The request.
        most_bytes: The size of the largest body. No more is ever held.

    Raises:
        InvalidRequest: The body is larger, is cut off, or is not a JSON object.

    """
    return await _parsed(await _read(request, most_bytes, lambda _: None))


async def _read(request: Request, most_bytes: int, count: Callable[[int], None]) -> bytearray:
    """Return the body. `count` gets the size of each part that arrives, and may refuse it."""
    declared = request.headers.get("content-length", "")
    # As many digits as h11 accepts: Python refuses to convert very many.
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > most_bytes:
        raise _too_large(most_bytes)
    body = bytearray()
    async with aclosing(request.stream()) as chunks:
        while (chunk := await _next(chunks)) is not None:
            count(len(chunk))
            body += chunk
            if len(body) > most_bytes:
                raise _too_large(most_bytes)
    return body


async def _parsed(body: bytearray) -> dict[str, Any]:
    if len(body) <= _SMALL_BYTES:
        return parse_body(body)
    return await asyncio.to_thread(parse_body, body)


async def _next(chunks: AsyncGenerator[bytes]) -> bytes | None:
    try:
        async with asyncio.timeout(_BETWEEN_CHUNKS_SECONDS):
            return await anext(chunks, None)
    except (TimeoutError, ClientDisconnect):
        raise _invalid("body", "it is cut off: the rest of it did not arrive") from None


def parse_body(body: bytes | bytearray) -> dict[str, Any]:
    """Return the JSON object that a body is.

    Raises:
        InvalidRequest: It is not one, or names a member twice.

    """
    try:
        tree = json.loads(
            body.decode(), object_pairs_hook=_without_doubles, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError):
        # The parser's message would repeat parts of the body.
        raise _invalid("body", "it is not JSON; accepted is a JSON object") from None
    if not isinstance(tree, dict):
        raise _invalid("body", "accepted is a JSON object")
    return tree


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in members if names.count(name) > 1)
        raise _invalid(_shown(double), "it is given twice")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _too_large(most_bytes: int) -> InvalidRequest:
    return _invalid(
        "body",
        f"it is too large: accepted are at most {most_bytes} bytes; send the address of large "
        "media in place of the bytes",
    )


def _invalid(field: str, description: str) -> InvalidRequest:
    return InvalidRequest([Violation(field, description)])


class Members:
    """The members of a JSON object, each of which is read once.

    A member of a wrong shape adds a violation and reads as if it were absent, and so does null,
    without a violation. Call `finish` when all known members are read.

    Args:
        value: The object. Anything else adds a violation.
        path: Its path from the top of the body, empty for the body itself.
        violations: Takes the violations.

    """

    def __init__(self, value: object, path: str, violations: list[Violation]) -> None:
        self.violations = violations
        self._path = path
        self._unread: dict[str, Any] = {}
        if isinstance(value, dict):
            self._unread = {name: given for name, given in value.items() if given is not None}
        else:
            self.wrong("", "accepted is an object")

    def wrong(self, name: str, description: str) -> None:
        """Add a violation of a member, or with an empty name of the object itself."""
        if len(self.violations) < _MOST_VIOLATIONS:
            self.violations.append(Violation(self.path(name), description))

    def path(self, name: str) -> str:
        """Return the path of a member from the top of the body."""
        return ".".join(filter(None, (self._path, name)))

    def has(self, name: str) -> bool:
        """Return whether a member is there and not read yet."""
        return name in self._unread

    def take(self, name: str) -> Any:
        """Read a value of any shape, None if it is absent."""
        return self._unread.pop(name, None)

    def text(self, name: str) -> str | None:
        """Read a string."""
        value: str | None = self._typed(name, str, "a string")
        if value is not None and not _is_encodable(value):
            self.wrong(name, "it has half of a surrogate pair; accepted is a string of Unicode")
            return None
        return value

    def flag(self, name: str) -> bool | None:
        """Read a boolean."""
        value: bool | None = self._typed(name, bool, "true or false")
        return value

    def number(self, name: str, least: int, most: int) -> int | None:
        """Read a whole number, which may also be written as 8.0 or "8"."""
        value = self._unread.pop(name, None)
        if value is None:
            return None
        number = _whole(value)
        if number is not None and least <= number <= most:
            return number
        self.wrong(name, f"accepted is a whole number from {least} to {most}")
        return None

    def choice(self, name: str, accepted: Mapping[str, int]) -> int | None:
        """Read one of several strings, in upper or lower case, and return what it stands for."""
        value = self.text(name)
        if value is None:
            return None
        chosen = accepted.get(value.lower())
        if chosen is None:
            shown = repr(value[:_LONGEST_SHOWN])
            self.wrong(name, f"{shown}; accepted are {', '.join(accepted)}")
        return chosen

    def bytes(self, name: str) -> bytes | None:
        """Read base64 of either alphabet, with or without padding. Slow for large media."""
        value = self._typed(name, str, "a string of base64")
        if value is None:
            return None
        try:
            return _decoded(value)
        except ValueError:
            self.wrong(name, "accepted is base64")
            return None

    def texts(self, name: str) -> dict[str, str]:
        """Read an object whose members are strings."""
        inner = self.object(name)
        if inner is None:
            return {}
        read = {}
        for key in list(inner._unread):  # noqa: SLF001 - another object of this class
            value = inner.text(key)
            if not _is_encodable(key):
                inner.wrong("", "a name has half of a surrogate pair")
            elif value is not None:
                read[key] = value
        return read

    def object(self, name: str) -> Members | None:
        """Read an object."""
        value = self._typed(name, dict, "an object")
        return None if value is None else Members(value, self.path(name), self.violations)

    def objects(self, name: str) -> list[Members]:
        """Read a list of objects."""
        values: Sequence[object] = self._typed(name, list, "a list") or []
        return [
            Members(value, f"{self.path(name)}[{index}]", self.violations)
            for index, value in enumerate(values)
        ]

    def finish(self) -> None:
        """Add a violation for each member that was not read."""
        for name in self._unread:
            self.wrong(_shown(name), "there is no such member")

    def _typed(self, name: str, kind: type, accepted: str) -> Any:
        value = self._unread.pop(name, None)
        if value is None or isinstance(value, kind):
            return value
        self.wrong(name, f"accepted is {accepted}")
        return None


def refuse_all(violations: Sequence[Violation]) -> None:
    """Raise InvalidRequest if there is any violation."""
    if violations:
        raise InvalidRequest(violations)


def _shown(name: str) -> str:
    # JSON can write half of a surrogate pair, and an error on the wire cannot hold one.
    return name[:_LONGEST_SHOWN].encode(errors="backslashreplace").decode()


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _whole(value: object) -> int | None:
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    if isinstance(value, str):
        found = _WHOLE.fullmatch(value)
        return None if found is None else int(found[1])
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _decoded(text: str) -> bytes:
    """Return the bytes that base64 stands for. Raises ValueError."""
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        plain = text.translate(_FROM_URL_ALPHABET).rstrip("=")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
