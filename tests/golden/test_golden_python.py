# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Python reads what was written once, and writes it again byte for byte."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.json_format import Parse
from longtake.v1.operation_pb2 import GenerateVideosOperation
from longtake.v1.video_service_pb2 import GenerateVideosRequest

from golden.write_golden import FOLDER, binary_of, golden_messages, json_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from google.protobuf.message import Message

GOLDEN = golden_messages()


@pytest.mark.parametrize("name", GOLDEN)
def test_the_files_are_what_the_script_writes(name: str) -> None:
    message = GOLDEN[name]
    assert (FOLDER / f"{name}.binpb").read_bytes() == binary_of(message)
    assert (FOLDER / f"{name}.json").read_text(encoding="utf-8") == json_of(message)


@pytest.mark.parametrize("name", GOLDEN)
def test_both_encodings_are_read_and_written_again(name: str) -> None:
    binary = (FOLDER / f"{name}.binpb").read_bytes()
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    of_binary = type(GOLDEN[name]).FromString(binary)
    of_text = Parse(text, type(GOLDEN[name])())
    assert of_binary == of_text == GOLDEN[name]
    assert binary_of(of_text) == binary
    assert json_of(of_binary) == text


def test_every_field_of_the_messages_is_in_one_of_them() -> None:
    present = {field for message in GOLDEN.values() for field in _present(message)}
    declared = {
        *_declared(GenerateVideosRequest.DESCRIPTOR.fields),
        *_declared(GenerateVideosOperation.DESCRIPTOR.fields),
    }
    assert declared - present == set()


def _present(message: Message) -> Iterator[str]:
    for field, value in message.ListFields():
        yield field.full_name
        if field.message_type is None or field.message_type.GetOptions().map_entry:
            continue
        for each in value if field.is_repeated else [value]:
            yield from _present(each)


def _declared(fields: Iterable[Any]) -> Iterator[str]:  # its types name two descriptors
    for field in fields:
        yield field.full_name
        kind = field.message_type
        if kind is None or kind.GetOptions().map_entry:
            continue
        if kind.full_name.startswith("longtake."):
            yield from _declared(kind.fields)
