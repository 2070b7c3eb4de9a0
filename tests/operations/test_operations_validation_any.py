# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Validation accepts any request or refuses it with an explanation."""

from __future__ import annotations

from typing import Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message_factory import GetMessageClass
from hypothesis import given, settings
from hypothesis import strategies as st
from longtake.v1.media_pb2 import Image
from longtake.v1.video_service_pb2 import GenerateVideosRequest
from longtake_server.errors import InvalidRequest, ModelRetired
from operations.operations_requests import (
    AVI,
    JPEG,
    MP4,
    PNG,
    VEO_2,
    VEO_2_EXP,
    VEO_3,
    VEO_31,
    WEBP,
    accept,
    ask,
)


# The stubs of protobuf have no common type for a message class and its descriptor.
def messages(kind: Any) -> st.SearchStrategy[Any]:
    """Generate messages of a type in which half of the fields have plausible values."""
    fields = {field.name: values(field) for field in kind.DESCRIPTOR.fields}
    return st.fixed_dictionaries({}, optional=fields).map(lambda chosen: kind(**chosen))


def values(field: Any) -> st.SearchStrategy[Any]:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return st.dictionaries(st.text(max_size=70), st.text(max_size=70), max_size=70)
    one: st.SearchStrategy[Any]
    if field.name in LIKELY:
        one = st.sampled_from(LIKELY[field.name])
    elif field.message_type is not None:
        one = messages(GetMessageClass(field.message_type))
    else:
        one = SCALARS[field.type]
    return st.lists(one, max_size=5) if field.is_repeated else one


LIKELY: dict[str, tuple[object, ...]] = {
    "model": (VEO_2, VEO_2_EXP, VEO_3, VEO_31, "veo-001", ""),
    "data": (b"", PNG, JPEG, WEBP, MP4, AVI, JPEG[:30], b"\xff\xd8\xff"),
    "mime_type": ("", "image/png", "video/mp4", "video/mov", "text/plain"),
    "duration_seconds": (-1, 0, 4, 5, 8),
    "webhook": ("orders", "webhooks/orders", "Orders", ""),
}
SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_STRING: st.text(max_size=40),
    FieldDescriptor.TYPE_BYTES: st.binary(max_size=40),
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_INT32: st.integers(-(1 << 31), (1 << 31) - 1),
    FieldDescriptor.TYPE_INT64: st.integers(-(1 << 63), (1 << 63) - 1),
    FieldDescriptor.TYPE_UINT32: st.integers(0, (1 << 32) - 1),
    FieldDescriptor.TYPE_ENUM: st.integers(-1, 15),
}


def outcome(request_: GenerateVideosRequest, enforce_retirement: bool) -> Exception | None:
    try:
        accept(request_, enforce_retirement=enforce_retirement)
    except (InvalidRequest, ModelRetired) as refused:
        return refused
    return None


@settings(deadline=None, max_examples=200)
@given(messages(GenerateVideosRequest), st.booleans())
def test_any_request_passes_or_is_refused_in_words(
    request_: GenerateVideosRequest, enforce_retirement: bool
) -> None:
    before = request_.SerializeToString(deterministic=True)
    refused = outcome(request_, enforce_retirement)
    if isinstance(refused, InvalidRequest):
        assert refused.violations
        assert all(one.field and one.description for one in refused.violations)
    assert request_.SerializeToString(deterministic=True) == before


@settings(deadline=None)
@given(st.sampled_from([PNG, JPEG, WEBP]), st.data())
def test_a_damaged_image_passes_or_is_refused(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for at in data.draw(st.lists(st.integers(0, len(whole) - 1), max_size=5)):
        if at < len(damaged):
            damaged[at] = data.draw(st.integers(0, 255))
    refused = outcome(ask(image=Image(data=bytes(damaged))), enforce_retirement=False)
    if isinstance(refused, InvalidRequest):
        assert [one.field for one in refused.violations] == ["image.data"]
