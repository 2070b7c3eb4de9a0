# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/api/reference.md from the comments of the protos."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    FileDescriptorSet,
    MethodDescriptorProto,
)

from scripts.write_descriptor_set import ROOT, write_descriptor_set

if TYPE_CHECKING:
    from collections.abc import Iterator

REFERENCE = ROOT / "docs" / "api" / "reference.md"
PACKAGE = "longtake.v1"
SERVICE_FILE = f"{PACKAGE.replace('.', '/')}/video_service.proto"
BEGINNING = f"""# API reference

Package `{PACKAGE}`. Written by `make proto` from the comments of the
[protos](../../protos/longtake/v1); do not edit it. For REST, see also
[openapi.yaml](openapi.yaml): in JSON, names of fields are written `inCamelCase`, numbers of 64
bits are strings, and bytes are base64.
"""
# A line of a comment that begins so is an item of a list: "NOT_FOUND: no such operation."
_ITEM = re.compile(r"^[A-Z][A-Za-z_-]+: ")

# Where an element lies in its file, as the source info of a descriptor says it.
Place = tuple[int, ...]


def reference() -> str:
    """Return the reference that the protos give today."""
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "set.pb"
        write_descriptor_set(output)
        found = FileDescriptorSet.FromString(output.read_bytes()).file
    files = [file for file in found if file.package == PACKAGE]
    # The service first: it is what readers look for.
    files.sort(key=lambda file: (file.name != SERVICE_FILE, file.name))
    return "\n".join([BEGINNING, *(part for file in files for part in _File(file).parts())])


class _File:
    """The sections of one file, each ending with a newline."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self._file = file
        self._comments = {
            tuple(one.path): [line.removeprefix(" ") for line in one.leading_comments.splitlines()]
            for one in file.source_code_info.location
        }

    def parts(self) -> Iterator[str]:
        for number, service in enumerate(self._file.service):
            place = (FileDescriptorProto.SERVICE_FIELD_NUMBER, number)
            yield f"## {service.name}\n\n{self._prose(place)}"
            for index, method in enumerate(service.method):
                yield self._method(method, (*place, 2, index))
        yield f"## {Path(self._file.name).name}\n"
        for number, message in enumerate(self._file.message_type):
            yield from self._message(message, (4, number), message.name)
        for number, enum in enumerate(self._file.enum_type):
            yield self._enum(enum, (5, number), enum.name)

    def _method(self, method: MethodDescriptorProto, place: Place) -> str:
        stream = "stream of " if method.server_streaming else ""
        rule = method.options.Extensions[annotations_pb2.http]
        verb = rule.WhichOneof("pattern")
        return (
            f"### {method.name}\n\n"
            f"Takes {_link(method.input_type)}, returns {stream}{_link(method.output_type)}.\n"
            f"`{verb.upper()} {getattr(rule, verb)}`\n\n{self._prose(place)}"
        )

    def _message(self, message: DescriptorProto, place: Place, name: str) -> Iterator[str]:
        maps = {one.name: one for one in message.nested_type if one.options.map_entry}
        rows = [
            f"| `{field.name}` | {_type(field, maps)} | {self._cell((*place, 2, number))}"
            f"{_choice(message, field)} |\n"
            for number, field in enumerate(message.field)
        ]
        table = "".join(["\n| field | type | meaning |\n| --- | --- | --- |\n", *rows])
        yield f"### {name}\n\n{self._prose(place)}" + (table if rows else "")
        for number, enum in enumerate(message.enum_type):
            yield self._enum(enum, (*place, 4, number), f"{name}.{enum.name}")
        for number, inner in enumerate(message.nested_type):
            if not inner.options.map_entry:
                yield from self._message(inner, (*place, 3, number), f"{name}.{inner.name}")

    def _enum(self, enum: EnumDescriptorProto, place: Place, name: str) -> str:
        rows = [
            f"| `{value.name}` | {value.number} | {self._cell((*place, 2, number))} |\n"
            for number, value in enumerate(enum.value)
        ]
        table = "".join(["| value | number | meaning |\n| --- | --- | --- |\n", *rows])
        return f"### {name}\n\n{self._prose(place)}\n{table}"

    def _prose(self, place: Place) -> str:
        lines: list[str] = []
        for line in self._comments[place]:
            in_list = bool(lines) and lines[-1].startswith(("- ", "  "))
            if _ITEM.match(line):
                # A list needs an empty line before it.
                lines += ["", f"- {line}"] if lines and lines[-1] and not in_list else [f"- {line}"]
            else:
                lines.append(f"  {line}" if in_list and line else line)
        return "\n".join(lines) + "\n"

    def _cell(self, place: Place) -> str:
        return " ".join(self._comments[place]).replace("|", "\\|")


def _type(field: FieldDescriptorProto, maps: dict[str, DescriptorProto]) -> str:
    if entry := maps.get(field.type_name.rpartition(".")[2]):
        return f"map of {_type(entry.field[0], {})} to {_type(entry.field[1], {})}"
    name = (
        _link(field.type_name)
        if field.type_name
        else f"`{FieldDescriptorProto.Type.Name(field.type).removeprefix('TYPE_').lower()}`"
    )
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {name}"
    return f"optional {name}" if field.proto3_optional else name


def _choice(message: DescriptorProto, field: FieldDescriptorProto) -> str:
    if not field.HasField("oneof_index") or field.proto3_optional:
        return ""
    return f" One of `{message.oneof_decl[field.oneof_index].name}`."


def _link(type_name: str) -> str:
    name = type_name.removeprefix(".")
    if not name.startswith(f"{PACKAGE}."):
        return f"`{name}`"
    name = name.removeprefix(f"{PACKAGE}.")
    return f"[{name}](#{name.lower().replace('.', '')})"


if __name__ == "__main__":
    REFERENCE.write_text(reference())
