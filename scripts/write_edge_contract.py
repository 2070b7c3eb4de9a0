# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Writes deploy/edge/contract.lua from the protos: paths, methods and the fields of bodies."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

from google.api import annotations_pb2, http_pb2
from google.protobuf.descriptor import FieldDescriptor
from longtake.v1 import video_service_pb2, webhook_service_pb2

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import Descriptor, MethodDescriptor

CONTRACT = Path(__file__).parents[1] / "deploy" / "edge" / "contract.lua"
METHODS: tuple[MethodDescriptor, ...] = (
    *video_service_pb2.DESCRIPTOR.services_by_name["VideoService"].methods,
    *webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"].methods,
)
_HEAD = """-- Copyright 2026 The Longtake Authors
-- SPDX-License-Identifier: Apache-2.0
--
-- Written by `make proto`; do not edit it. docs/api/openapi.yaml describes the fields.

local contract = {
"""
_TAIL = """}

for _, message in pairs(contract.messages) do
  message.by_name = {}
  for _, field in ipairs(message) do
    message.by_name[field.json] = field
    message.by_name[field.field] = field
    if field.values then
      field.known = {}
      for _, value in ipairs(field.values) do
        field.known[value] = true
      end
    end
  end
end

return contract
"""
_KINDS = {
    FieldDescriptor.TYPE_BOOL: "bool",
    FieldDescriptor.TYPE_BYTES: "bytes",
    FieldDescriptor.TYPE_INT32: "int32",
    FieldDescriptor.TYPE_INT64: "int64",
    FieldDescriptor.TYPE_STRING: "string",
    FieldDescriptor.TYPE_UINT32: "uint32",
}
# Messages whose JSON form is a string.
_WELL_KNOWN = {
    "google.protobuf.Duration": "duration",
    "google.protobuf.Timestamp": "timestamp",
}
_VERBS = ("get", "post", "put", "patch", "delete")


def contract() -> str:
    """Return the content of the file for the current protos.

    Raises:
        KeyError: A field of a body has a type that the edge's filter does not support.

    """
    return "".join((_HEAD, *_routes(), *_messages(), _TAIL))


def _routes() -> Iterator[str]:
    by_template: dict[str, list[str]] = {}
    for method in METHODS:
        template, call = _call(method)
        by_template.setdefault(template, []).append(call)
    yield "  routes = {\n"
    # Paths with a verb also match patterns without one, so they come first.
    for template in sorted(by_template, key=lambda one: (":" not in one, one)):
        pattern = re.sub(r"\{\w+\}", "[^/]+", template.replace("-", "%-"))
        yield "    {\n"
        yield f'      template = "{template}",\n'
        yield f'      path = "^{pattern}$",\n'
        yield "      methods = {\n"
        yield from (f"        {call},\n" for call in by_template[template])
        yield "      },\n    },\n"
    yield "  },\n"


def _call(method: MethodDescriptor) -> tuple[str, str]:
    rule = _rule(method)
    [verb] = [verb for verb in _VERBS if getattr(rule, verb)]
    parts = []
    if rule.body:
        parts.append(f'body = "{_body(method).full_name}"')
    if method.server_streaming:
        parts.append("download = true" if rule.response_body else "watch = true")
    call = f"{{ {', '.join(parts)} }}" if parts else "{}"
    return _template(getattr(rule, verb)), f"{verb.upper()} = {call}"


def _rule(method: MethodDescriptor) -> http_pb2.HttpRule:
    rule: http_pb2.HttpRule = method.GetOptions().Extensions[annotations_pb2.http]
    return rule


def _body(method: MethodDescriptor) -> Descriptor:
    """Return the message that the body of a request is."""
    field = _rule(method).body
    if field == "*":
        return method.input_type
    return cast("Descriptor", method.input_type.fields_by_name[field].message_type)


def _template(path: str) -> str:
    """Return the path of an HTTP rule with a named parameter for each wildcard."""
    plain = re.sub(r"\{[\w.]+=([^}]*)\}", r"\1", path)
    named = re.sub(r"deliveries/\*", "deliveries/{delivery}", plain)
    return re.sub(r"(\w+?)s/\*", r"\1s/{\1}", named)


def _messages() -> Iterator[str]:
    yield "  messages = {\n"
    in_path = {
        (_body(method).full_name, name)
        for method in METHODS
        if _rule(method).body
        for name in re.findall(r"\{(?:\w+\.)?(\w+)=", str(_rule(method)))
    }
    for message in _taken():
        yield f'    ["{message.full_name}"] = {{\n'
        for field in message.fields:
            if (message.full_name, field.name) not in in_path:
                yield f"      {_field(field)},\n"
        yield "    },\n"
    yield "  },\n"


def _taken() -> list[Descriptor]:
    """Return every message that a request body may contain, at any depth."""
    found: dict[str, Descriptor] = {}
    waiting = [_body(method) for method in METHODS if _rule(method).body]
    while waiting:
        message = waiting.pop(0)
        if message.full_name not in found:
            found[message.full_name] = message
            waiting += [
                field.message_type
                for field in message.fields
                if field.message_type is not None
                and not field.message_type.GetOptions().map_entry
                and field.message_type.full_name not in _WELL_KNOWN
            ]
    return list(found.values())


def _field(field: FieldDescriptor) -> str:
    parts = [f'json = "{field.json_name}"', f'field = "{field.name}"']
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        value = ", ".join(_kind(entry.fields_by_name["value"]))
        parts += ['kind = "map"', f"value = {{ {value} }}"]
    else:
        parts += _kind(field)
        if field.is_repeated:
            parts.append("repeated = true")
    oneof = field.containing_oneof
    # protoc puts each optional field into a oneof of its own.
    if oneof is not None and len(oneof.fields) > 1:
        parts.append(f'oneof = "{oneof.name}"')
    return f"{{ {', '.join(parts)} }}"


def _kind(field: FieldDescriptor) -> list[str]:
    if field.message_type is not None:
        name = field.message_type.full_name
        if name in _WELL_KNOWN:
            return [f'kind = "{_WELL_KNOWN[name]}"']
        return ['kind = "message"', f'message = "{name}"']
    if field.enum_type is not None:
        values = ", ".join(f'"{value.name}"' for value in field.enum_type.values)
        return ['kind = "enum"', f"values = {{ {values} }}"]
    return [f'kind = "{_KINDS[field.type]}"']


if __name__ == "__main__":
    CONTRACT.write_text(contract())
