# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes structured values out of the bytes of one input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from google.protobuf.message import Message

_DEEPEST = 3
_MOST_REPEATED = 3
_INTEGERS = (0, 1, -1, 2, 50, 1000, 1001, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
_FLOATS = (0.0, -1.0, 0.5, float("inf"), float("-inf"), float("nan"), 1e300)
_BITS: Mapping[int, int] = {
    FieldDescriptor.CPPTYPE_INT32: 32,
    FieldDescriptor.CPPTYPE_UINT32: 32,
    FieldDescriptor.CPPTYPE_INT64: 64,
    FieldDescriptor.CPPTYPE_UINT64: 64,
}
_UNSIGNED = (FieldDescriptor.CPPTYPE_UINT32, FieldDescriptor.CPPTYPE_UINT64)


class Reader:
    """Reads an input from its start. At its end it returns zeros and empty texts."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, limit: int) -> int:
        """Return a number from 0 to less than `limit`, which is at most 256."""
        taken = self.take(1)
        return taken[0] % limit if taken else 0

    def take(self, count: int) -> bytes:
        """Return the next bytes, at most `count`."""
        taken = self._data[self._at : self._at + count]
        self._at += count
        return taken

    def text(self) -> str:
        """Return a text of at most 255 bytes."""
        return self.take(self.number(256)).decode("utf-8", "replace")

    def rest(self) -> bytes:
        """Return what is left."""
        return self._data[self._at :]

    def choice(self, choices: Sequence[str]) -> str:
        """Return one of the texts, or a text of the input."""
        chosen = self.number(len(choices) + 1)
        return choices[chosen] if chosen < len(choices) else self.text()

    def fill(self, message: Message, pools: Mapping[str, Sequence[str]], depth: int = 0) -> None:
        """Set about half of a message's fields; `pools` has valid texts by the field's name."""
        for field in message.DESCRIPTOR.fields:
            if self.number(2) == 0:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                self._fill_map(getattr(message, field.name))
            elif field.is_repeated:
                self._fill_repeated(message, field, pools, depth)
            elif field.cpp_type == FieldDescriptor.CPPTYPE_MESSAGE:
                if depth < _DEEPEST:
                    getattr(message, field.name).SetInParent()
                    self.fill(getattr(message, field.name), pools, depth + 1)
            else:
                setattr(message, field.name, self._value(field, pools))

    def _fill_map(self, entries: Any) -> None:
        for _ in range(self.number(_MOST_REPEATED)):
            try:
                entries[self.text()] = self.text()
            except (TypeError, ValueError):
                return

    def _fill_repeated(
        self,
        message: Message,
        field: Any,
        pools: Mapping[str, Sequence[str]],
        depth: int,
    ) -> None:
        values = getattr(message, field.name)
        for _ in range(self.number(_MOST_REPEATED)):
            if field.cpp_type != FieldDescriptor.CPPTYPE_MESSAGE:
                values.append(self._value(field, pools))
            elif depth < _DEEPEST:
                self.fill(values.add(), pools, depth + 1)

    def _value(self, field: Any, pools: Mapping[str, Sequence[str]]) -> Any:
        kind: int = field.cpp_type
        if field.type == FieldDescriptor.TYPE_BYTES:
            return self.take(self.number(256))
        if kind == FieldDescriptor.CPPTYPE_STRING:
            return self.choice(pools.get(field.name, ()))
        if kind == FieldDescriptor.CPPTYPE_BOOL:
            return self.number(2) == 1
        if kind == FieldDescriptor.CPPTYPE_ENUM:
            return self.number(16)
        if kind in _BITS:
            return self._integer(_BITS[kind], signed=kind not in _UNSIGNED)
        return _FLOATS[self.number(len(_FLOATS))]

    def _integer(self, bits: int, *, signed: bool) -> int:
        chosen = self.number(len(_INTEGERS) + 1)
        if chosen < len(_INTEGERS):
            value = _INTEGERS[chosen]
        else:
            value = int.from_bytes(self.take(bits // 8), "big", signed=True)
        least: int = -(2 ** (bits - 1)) if signed else 0
        most: int = least + 2**bits - 1
        return max(least, min(value, most))
