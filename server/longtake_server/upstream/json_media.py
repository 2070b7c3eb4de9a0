# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Takes inline media out of JSON that arrives in pieces. No I/O.

An answer that cannot be understood raises OutcomeUnknown.
"""

from __future__ import annotations

import binascii
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pybase64

from longtake_server.operations.upstream import OutcomeUnknown

if TYPE_CHECKING:
    from collections.abc import Iterator

# What a string contains: no quote, and only whole escapes.
_CONTENT = re.compile(rb'(?:[^"\\]+|\\u[0-9A-Fa-f]{4}|\\["\\/bfnrt])*')
_ESCAPE = re.compile(rb"\\(?:u(....)|(.))")
_ESCAPE_BYTES = len(rb"\u0000")
_CONTROLS = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t"}
# Google escapes = and others escape /, in up to a thirtieth of all characters.
_FREQUENT = ((b"\\/", b"/"), (b"\\u003d", b"="), (b"\\u002b", b"+"), (b"\\u002f", b"/"))
_TO_STANDARD_ALPHABET = bytes.maketrans(b"-_", b"+/")
_LINE_BREAKS = b"\r\n"


def parse_object(body: bytes | bytearray) -> dict[str, object]:
    """Parse a body that is a JSON object."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise _no_json() from error
    if not isinstance(tree, dict):
        raise OutcomeUnknown("the upstream answered with JSON that is not an object")
    return tree


@dataclass(frozen=True, slots=True)
class MediaPart:
    """A part of a string that was taken out.

    Attributes:
        number: The number of the string, from 0.
        content: The next characters, without escapes.
        is_last: Whether the string ends here.
    """

    number: int
    content: bytes | memoryview
    is_last: bool


class MediaSplitter:
    """Takes the strings under one member name out of JSON, wherever in the tree they are.

    Everything else is kept, with the number of each string in its place. It is not checked: the
    JSON parser does that at the end.

    Attributes:
        text: The JSON so far. Complete after the last piece, followed by `close`.
    """

    def __init__(self, member: str) -> None:
        self._name = b'"%b"' % member.encode()
        self._opening = re.compile(re.escape(self._name) + rb'\s*:\s*"')
        # The end of the last piece, if it may be the start of an opening or of an escape.
        self._undecided = b""
        self._is_inside = False
        self._count = 0
        self.text = bytearray()

    @property
    def held_bytes(self) -> int:
        """The bytes of JSON in memory."""
        return len(self.text) + len(self._undecided)

    def feed(self, piece: bytes) -> Iterator[MediaPart]:
        """Yield the parts of strings in the next piece of JSON. Must be exhausted.

        Raises:
            OutcomeUnknown: A string has an invalid escape.

        """
        data, self._undecided = self._undecided + piece if self._undecided else piece, b""
        position = 0
        while position < len(data):
            if self._is_inside:
                part, position = self._inside(data, position)
                if part.content or part.is_last:
                    yield part
            else:
                position = self._outside(data, position)

    def close(self) -> None:
        """Add the end of the last piece to the text."""
        self.text += self._undecided
        self._undecided = b""

    def _outside(self, data: bytes, start: int) -> int:
        if opening := self._opening.search(data, start):
            self.text += memoryview(data)[start : opening.end()]
            self._is_inside = True
            return opening.end()
        end = self._possible_opening(data, start)
        self.text += memoryview(data)[start:end]
        self._undecided = data[end:]
        return len(data)

    def _possible_opening(self, data: bytes, start: int) -> int:
        """Return where an opening may start that the next piece completes.

        An opening has three quotes, so at most two of them are in the data.
        """
        last = data.rfind(b'"', start)
        before = data.rfind(b'"', start, last) if last > start else -1
        for quote in (before, last):
            if quote >= 0 and self._name.startswith(data[quote : quote + len(self._name)]):
                return quote
        return len(data)

    def _inside(self, data: bytes, start: int) -> tuple[MediaPart, int]:
        quote = data.find(b'"', start)
        end = quote if quote >= 0 else len(data)
        content: bytes | memoryview = memoryview(data)[start:end]
        if data.find(b"\\", start, end) >= 0:
            found = _CONTENT.match(data, start)
            end = found.end() if found else start
            content = _unescaped(data[start:end])
        is_last = data[end : end + 1] == b'"'
        part = MediaPart(self._count, content, is_last)
        if is_last:
            self.text += b"%d" % self._count
            self._count += 1
            self._is_inside = False
        elif end < len(data):
            if len(data) - end >= _ESCAPE_BYTES:
                raise _no_json()
            self._undecided = data[end:]
            end = len(data)
        return part, end


class Base64Decoder:
    """Decodes base64 that arrives in pieces: both alphabets, with or without padding.

    Line breaks are skipped.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._is_padded = False

    def feed(self, text: bytes | memoryview) -> bytes:
        """Return the bytes that the next piece completes.

        Raises:
            binascii.Error: It is not base64.

        """
        data = self._rest + text if self._rest else text
        try:
            return self._decoded(data)
        except binascii.Error:
            # protobuf JSON may use the URL-safe alphabet.
            return self._decoded(bytes(data).translate(_TO_STANDARD_ALPHABET, _LINE_BREAKS))

    def finish(self) -> bytes:
        """Return the last bytes. Raises as `feed`."""
        rest, self._rest = self._rest.translate(_TO_STANDARD_ALPHABET, _LINE_BREAKS), b""
        return self._decoded(rest + b"=" * (-len(rest) % 4))

    def _decoded(self, data: bytes | memoryview) -> bytes:
        if self._is_padded and len(data):
            raise binascii.Error("more characters after the padding")
        end = len(data) - len(data) % 4
        decoded = pybase64.b64decode(data[:end], validate=True)
        if end:
            self._is_padded = bytes(data[end - 1 : end]) == b"="
        self._rest = bytes(data[end:])
        return decoded


def _unescaped(content: bytes) -> bytes:
    if b"\\\\" not in content:
        for escape, character in _FREQUENT:
            content = content.replace(escape, character)
    return _ESCAPE.sub(_character, content) if b"\\" in content else content


def _character(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        # Base64 has no other characters, so it does not matter which one it is.
        return chr(int(escape[1], 16)).encode("ascii", "replace")
    return _CONTROLS.get(escape[2], escape[2])


def _no_json() -> OutcomeUnknown:
    return OutcomeUnknown("the upstream answered with something other than JSON")
