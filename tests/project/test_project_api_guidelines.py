# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The protos follow the API improvement proposals that decision 13 does not except."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from google.api import annotations_pb2, field_behavior_pb2, resource_pb2
from google.api.field_behavior_pb2 import FieldBehavior
from longtake.v1 import (
    model_pb2,
    operation_pb2,
    video_service_pb2,
    webhook_pb2,
    webhook_service_pb2,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from google.protobuf.descriptor import (
        Descriptor,
        EnumDescriptor,
        FieldDescriptor,
        MethodDescriptor,
    )

ROOT = Path(__file__).parents[2]
PROTOS = sorted((ROOT / "protos/longtake/v1").glob("*.proto"))
PACKAGE = "longtake.v1"
METHODS = (
    *video_service_pb2.DESCRIPTOR.services_by_name["VideoService"].methods,
    *webhook_service_pb2.DESCRIPTOR.services_by_name["WebhookService"].methods,
)
RESOURCES = (
    model_pb2.Model.DESCRIPTOR,
    operation_pb2.GenerateVideosOperation.DESCRIPTOR,
    webhook_pb2.Webhook.DESCRIPTOR,
    webhook_pb2.WebhookDelivery.DESCRIPTOR,
)
# The first words of a comment, for each behaviour.
WORDS = {
    FieldBehavior.OPTIONAL: "Optional.",
    FieldBehavior.REQUIRED: "Required.",
    FieldBehavior.OUTPUT_ONLY: "Output only.",
    FieldBehavior.IDENTIFIER: "Identifier.",
}


def reachable(start: Descriptor, found: dict[str, Descriptor]) -> dict[str, Descriptor]:
    """Return the messages of our package that a message is made of, itself included."""
    if start.file.package == PACKAGE and start.full_name not in found:
        if not start.GetOptions().map_entry:
            found[start.full_name] = start
        for field in start.fields:
            if field.message_type is not None:
                reachable(field.message_type, found)
    return found


def messages() -> dict[str, Descriptor]:
    """Return all messages of requests and resources."""
    found: dict[str, Descriptor] = {}
    for start in (*(method.input_type for method in METHODS), *RESOURCES):
        # A generated module's descriptors are typed as those of one implementation.
        reachable(cast("Descriptor", start), found)
    return found


def behaviours(field: FieldDescriptor) -> list[FieldBehavior.ValueType]:
    return list(field.GetOptions().Extensions[field_behavior_pb2.field_behavior])


def is_alternative(field: FieldDescriptor) -> bool:
    """Return whether the field is in a oneof; `optional` makes one of its own."""
    oneof = field.containing_oneof
    return oneof is not None and not oneof.name.startswith("_")


FIELDS = {
    field.full_name: field
    for message in messages().values()
    for field in message.fields
    if not is_alternative(field)
}


@pytest.mark.parametrize("name", sorted(FIELDS))
def test_each_field_of_requests_and_resources_has_one_behaviour(name: str) -> None:
    [behaviour] = behaviours(FIELDS[name])
    assert behaviour in WORDS


def commented() -> Iterator[tuple[str, str, str]]:
    """Yield each field that has a behaviour: its file, its first word of comment, the behaviour."""
    field = re.compile(
        r"(?:^|\n\n|\{\n) *// ([^\n]+)\n(?: *//[^\n]*\n)*"
        r" *(?:optional |repeated )?[\w.<>, ]+ = \d+ \[[^\]]*field_behavior\) = (\w+)"
    )
    for path in PROTOS:
        for comment, behaviour in field.findall(path.read_text()):
            yield path.name, comment, behaviour


def test_the_first_word_of_a_comment_is_the_fields_behaviour() -> None:
    found = list(commented())
    declared = sum(path.read_text().count("(google.api.field_behavior) =") for path in PROTOS)

    assert len(found) == declared
    for file, comment, behaviour in found:
        word = WORDS[FieldBehavior.Value(behaviour)]
        assert comment.startswith(word), f"{file}: {comment}"


def test_states_and_standard_times_are_output_only() -> None:
    names = re.compile(r"(^|_)state$|^(create|update|submit|end|expire)_time$")
    # A list can be restricted to a state.
    found = [
        field
        for field in FIELDS.values()
        if names.search(field.name) and not field.full_name.startswith(f"{PACKAGE}.List")
    ]

    assert len(found) > 5
    assert [one.full_name for one in found if behaviours(one) != [FieldBehavior.OUTPUT_ONLY]] == []


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_each_method_has_a_binding_and_a_request_of_its_name(method: MethodDescriptor) -> None:
    rule = method.GetOptions().Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    names = [field.name for field in method.input_type.fields]

    assert method.input_type.name == f"{method.name}Request"
    assert verb in {"get", "post", "patch", "delete"}
    assert getattr(rule, verb).startswith("/v1/")
    assert bool(rule.body) is (verb in {"post", "patch"})
    if "name" in names:
        assert "{name=" in getattr(rule, verb)
        assert method.input_type.fields_by_name["name"].number == 1


def test_a_name_in_a_request_says_of_which_resource_it_is() -> None:
    types = {
        message.GetOptions().Extensions[resource_pb2.resource].type
        for message in messages().values()
    } - {""}
    referring = [
        field
        for method in METHODS
        for field in method.input_type.fields
        if field.name in {"name", "model", "previous_operation", "webhook"}
        and field.message_type is None
    ]

    assert types == {
        *("longtake.dev/Model", "longtake.dev/Operation", "longtake.dev/Video"),
        *("longtake.dev/Webhook", "longtake.dev/WebhookDelivery"),
    }
    assert len(referring) > 5
    for field in referring:
        assert field.GetOptions().Extensions[resource_pb2.resource_reference].type in types


def enums() -> Iterator[EnumDescriptor]:
    for message in messages().values():
        yield from message.enum_types


@pytest.mark.parametrize("enum", list(enums()), ids=lambda enum: enum.full_name)
def test_the_zero_of_an_enum_is_unspecified(enum: EnumDescriptor) -> None:
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", enum.name).upper()
    assert enum.values_by_number[0].name == f"{name}_UNSPECIFIED"


def test_pages_have_the_standard_fields() -> None:
    lists = [method for method in METHODS if method.name.startswith("List")]

    assert len(lists) == 4
    for method in lists:
        assert {"page_size", "page_token"} <= set(method.input_type.fields_by_name)
        first, second = sorted(method.output_type.fields, key=lambda field: field.number)
        assert first.is_repeated
        assert second.name == "next_page_token"
