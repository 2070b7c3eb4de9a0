# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Text that cannot be encoded: the error names the field and the position, for every string."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import video_service
from google.protobuf.descriptor import FieldDescriptor
from longtake import Client
from longtake.types import FileData, Image, Mask, ReferenceImage, Video
from longtake.v1 import video_service_pb2 as api
from stubs.stubs_messages import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

BAD = "Hi! \ud83d"
_TOLD = "not valid Unicode at position 4 (half of a surrogate pair)"
_TYPE = "image/png"
_NOWHERE = "localhost:1"  # nothing is sent


def _images(path: str, give: Callable[[Image], dict[str, Any]]) -> dict[str, Any]:
    """Return the three strings of an image at a path, by their paths, and how each is given."""
    return {
        f"{path}.file_data.file_uri": give(Image(file_data=FileData(BAD, _TYPE))),
        f"{path}.file_data.mime_type": give(Image(file_data=FileData("gs://b/a.png", BAD))),
        f"{path}.mime_type": give(Image(data=b"x", mime_type=BAD)),
    }


def _config(**fields: Any) -> dict[str, Any]:
    return {"config": fields}


# How a bad text is given for each string of a GenerateVideosRequest.
GIVEN: dict[str, dict[str, Any]] = {
    **{
        name: {name: BAD}
        for name in ("request_id", "model", "prompt", "previous_operation", "webhook")
    },
    **_images("image", lambda image: {"image": image}),
    "video.file_data.file_uri": {"video": Video(file_data=FileData(BAD, "video/mp4"))},
    "video.file_data.mime_type": {"video": Video(file_data=FileData("gs://b/a.mp4", BAD))},
    "video.mime_type": {"video": Video(data=b"x", mime_type=BAD)},
    **{
        f"config.{name}": _config(**{name: BAD})
        for name in (
            "aspect_ratio",
            "resolution",
            "negative_prompt",
            "output_gcs_uri",
            "pubsub_topic",
        )
    },
    **_images("config.last_frame", lambda image: _config(last_frame=image)),
    **_images(
        "config.reference_images[0].image",
        lambda image: _config(reference_images=[ReferenceImage(image, "asset")]),
    ),
    **_images("config.mask.image", lambda image: _config(mask=Mask(image, "insert"))),
    "config.labels (key 0)": _config(labels={BAD: "ads"}),
    "config.labels['team']": _config(labels={"team": BAD}),
    "webhook_metadata (key 0)": {"webhook_metadata": {BAD: "17"}},
    "webhook_metadata['order']": {"webhook_metadata": {"order": BAD}},
}
_OUTPUT_ONLY = {"video.sha256"}
_SPELLED = {
    "config.labels.key": "config.labels (key 0)",
    "config.labels.value": "config.labels['team']",
    "webhook_metadata.key": "webhook_metadata (key 0)",
    "webhook_metadata.value": "webhook_metadata['order']",
}


def _strings(message: Any, prefix: str = "") -> Iterator[str]:
    for field in message.fields:
        path = f"{prefix}{field.name}"
        inner = field.message_type
        if field.type == FieldDescriptor.TYPE_STRING:
            yield _SPELLED.get(path, path)
        elif inner is not None and inner.file.package == "longtake.v1":
            many = field.is_repeated and not inner.GetOptions().map_entry
            yield from _strings(inner, f"{path}{'[0]' if many else ''}.")


def test_every_string_of_the_contract_is_covered() -> None:
    strings = set(_strings(api.GenerateVideosRequest.DESCRIPTOR))

    assert strings - _OUTPUT_ONLY == set(GIVEN)


@pytest.mark.parametrize("path", GIVEN)
def test_a_bad_text_is_named_with_its_position(caller: MakeCaller, path: str) -> None:
    with video_service() as service, pytest.raises(ValueError, match=r"^") as caught:
        caller(service.address).generate(**{"model": MODEL, "prompt": "a dog"} | GIVEN[path])

    assert type(caught.value) is ValueError
    assert str(caught.value) == f"{path}: {_TOLD}"
    assert caught.value.__context__ is None  # it would hold the text


@pytest.mark.parametrize(
    ("field", "call"),
    [
        ("name", lambda client: client.operations.get(BAD)),
        ("name", lambda client: list(client.operations.watch(BAD))),
        ("name", lambda client: client.operations.wait(BAD)),
        ("name", lambda client: client.operations.result(BAD)),
        ("name", lambda client: client.operations.cancel(BAD)),
        ("name", lambda client: client.operations.delete(BAD)),
        ("name", lambda client: client.operations.video(BAD)),
        ("name", lambda client: client.models.get(BAD)),
        ("filter", lambda client: list(client.operations.list(filter=BAD))),
    ],
)
def test_the_other_calls_name_theirs_too(field: str, call: Callable[[Client], object]) -> None:
    told = rf"^{field}: not valid Unicode at position 4"
    with Client(_NOWHERE) as client, pytest.raises(ValueError, match=told):
        call(client)


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("name: 5 is not accepted; it is an operation or the", lambda c: c.operations.get(5)),
        ("name: NoneType is not accepted", lambda c: c.operations.cancel(None)),
        ("name: it is empty; it is operations/{id}", lambda c: c.operations.get("")),
        ("name: it is empty; it is operations/{id}/videos/", lambda c: c.operations.video("")),
        ("name: bytes is not accepted; it is the id or the", lambda c: c.models.get(b"veo")),
        ("filter: 0 is not accepted", lambda c: list(c.operations.list(filter=0))),
        ("page_size: str is not accepted", lambda c: list(c.operations.list(page_size="9"))),
        ("after_revision: -1 is not accepted", lambda c: list(c.operations.watch("x", -1))),
        ("after_revision: str is not", lambda c: list(c.operations.watch("x", "1"))),
    ],
)
def test_a_value_of_another_type_is_named(message: str, call: Callable[[Any], object]) -> None:
    with Client(_NOWHERE) as client, pytest.raises(ValueError, match=r"^") as caught:
        call(client)

    assert str(caught.value).startswith(message)
