# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the requests of the contract from the arguments of callers.

No I/O, except that the bytes of a StoredVideo given as input may have to be fetched.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from google.type import money_pb2

from longtake._amounts import max_cost
from longtake._durations import Seconds, lifetime, queue_timeout
from longtake._fields import (
    dataclass_of,
    instance,
    text,
    texts,
    truth_value,
    unexpected_keyword,
    whole_number,
)
from longtake.types import (
    AsyncStoredVideo,
    Disposition,
    GenerateVideosConfig,
    GenerateVideosOptions,
    GenerateVideosSource,
    Image,
    Mask,
    Operation,
    ReferenceImage,
    StoredVideo,
    Video,
)
from longtake.types.enums import choice_of
from longtake.v1 import generation_pb2, media_pb2, video_service_pb2

if TYPE_CHECKING:
    from longtake.types import GenerateVideosSourceDict, ImageDict, VideoDict

_OPTIONS = GenerateVideosOptions.__annotations__
_KEYWORDS = ("model", "prompt", "image", "video", "source", "config", "request_id", *_OPTIONS)
_CONFIG_FIELDS = GenerateVideosConfig.__dataclass_fields__
# `duration` is another name, and `http_options` are of the call.
_NOT_SENT = frozenset({"duration", "http_options"})


def generate_request(
    model: str,
    source: GenerateVideosSource,
    config: GenerateVideosConfig | None,
    request_id: str | None,
    options: GenerateVideosOptions,
) -> video_service_pb2.GenerateVideosRequest:
    """Return the request, with a new request_id if none is given.

    Raises:
        TypeError: There is no such option; the message has the nearest keyword.
        ValueError: A field is wrong; the message names it.

    """
    for name in options:
        if name not in _OPTIONS:
            raise _unexpected(name)
    prompt, image, video = source.prompt, source.image, source.video
    request = video_service_pb2.GenerateVideosRequest(
        request_id=str(uuid.uuid4()) if request_id is None else _request_id(request_id),
        model=text(model, "model"),
        prompt="" if prompt is None else text(prompt, "prompt"),
    )
    if image is not None:
        request.image.CopyFrom(_image(Image.of(image, "image"), "image"))
    if video is not None:
        request.video.CopyFrom(_video(Video.of(video, "video"), "video"))
    if config is not None:
        request.config.CopyFrom(_config(config))
    _set_options(request, options)
    return request


def source_of(
    source: GenerateVideosSource | GenerateVideosSourceDict | None,
    prompt: str | None,
    image: Image | ImageDict | None,
    video: Video | VideoDict | None,
) -> GenerateVideosSource:
    """Return the inputs of a generation, given as one value or as three.

    Raises:
        ValueError: They are given in both ways, or a dict is wrong.

    """
    if source is None:
        given = {"prompt": prompt, "image": image, "video": video}
        return GenerateVideosSource(**cast("dict[str, Any]", given))
    if not (prompt is None and image is None and video is None):
        raise ValueError("source: prompt, image or video is given as well; give them in source")
    accepted = "a GenerateVideosSource or a dict"
    return dataclass_of(GenerateVideosSource, source, "source", accepted)


def operation_name(operation: Operation[Any] | str) -> str:
    """Return the name of an operation. A string may omit `operations/`.

    Raises:
        ValueError: It is empty or not a name.

    """
    name = operation.name if isinstance(operation, Operation) else operation
    return resource_name("operations", name, "an operation or the name of one")


def model_name(model: str) -> str:
    """Return `models/{model}`.

    Raises:
        ValueError: It is empty or not a name.

    """
    return resource_name("models", model, "the id or the name of a model")


def video_name(name: str) -> str:
    """Return the name of a video.

    Raises:
        ValueError: It is empty or not a name.

    """
    accepted = "operations/{id}/videos/{index}"
    if not text(name, "name", accepted):
        raise ValueError(f"name: it is empty; it is {accepted}")
    return name


def url_request(
    video: StoredVideo | AsyncStoredVideo | str,
    seconds: Seconds | None,
    disposition: Disposition | str,
) -> video_service_pb2.CreateVideoUrlRequest:
    """Return the request for an address of a video.

    Raises:
        ValueError: An argument is wrong; the message names it.

    """
    name = video.name if isinstance(video, StoredVideo | AsyncStoredVideo) else video
    chosen = choice_of(Disposition, disposition, "disposition")
    request = video_service_pb2.CreateVideoUrlRequest(
        name=video_name(name), disposition=chosen.name
    )
    if seconds is not None:
        request.lifetime.FromSeconds(lifetime(seconds))
    return request


def list_request(
    filter_: str | None, page_size: int | None
) -> video_service_pb2.ListOperationsRequest:
    """Return the request for the first page of operations.

    Raises:
        ValueError: A value is of the wrong type; the message names the field.

    """
    return video_service_pb2.ListOperationsRequest(
        filter="" if filter_ is None else text(filter_, "filter"),
        page_size=0
        if page_size is None
        else whole_number(page_size, "page_size", "a whole number from 1 to 1000"),
    )


def revision_of(value: int) -> int:
    """Return a revision.

    Raises:
        ValueError: It is not a whole number from 0 on.

    """
    return whole_number(value, "after_revision", "a whole number, 0 or more", range(1 << 63))


def _request_id(given: str) -> str:
    if not text(given, "request_id"):
        raise ValueError(
            "request_id: it is empty; it is a UUID of version 4, or None for a new one"
        )
    return given


def resource_name(collection: str, name: str, accepted: str) -> str:
    """Return `{collection}/{id}` for a name or an id.

    Raises:
        ValueError: It is empty or not a string; the message has what is accepted.

    """
    if not text(name, "name", accepted):
        raise ValueError(f"name: it is empty; it is {collection}/{{id}}")
    return name if "/" in name else f"{collection}/{name}"


def _unexpected(name: str) -> TypeError:
    hint = f"it is a field of config: config={{{name!r}: ...}}" if name in _CONFIG_FIELDS else ""
    return unexpected_keyword("generate_videos", name, _KEYWORDS, hint)


def _image(image: Image, path: str) -> media_pb2.Image:
    if image.file_data is not None:
        return media_pb2.Image(file_data=_file(image, path))
    return media_pb2.Image(data=_bytes(image, path), mime_type=_mime_type(image, path))


def _video(video: Video, path: str) -> media_pb2.Video:
    if video.file_data is not None:
        return media_pb2.Video(file_data=_file(video, path))
    return media_pb2.Video(data=_bytes(video, path), mime_type=_mime_type(video, path))


def _bytes(media: Image | Video, path: str) -> bytes:
    data = media.data
    return b"" if data is None else instance(data, bytes, f"{path}.data", "bytes")


def _mime_type(media: Image | Video, path: str) -> str:
    mime_type = media.mime_type
    return "" if mime_type is None else text(mime_type, f"{path}.mime_type")


def _file(media: Image | Video, path: str) -> media_pb2.FileData | None:
    file = media.file_data
    if file is None:
        return None
    return media_pb2.FileData(
        file_uri=text(file.file_uri, f"{path}.file_data.file_uri"),
        mime_type=text(file.mime_type, f"{path}.file_data.mime_type"),
    )


def _config(config: GenerateVideosConfig) -> generation_pb2.GenerateVideosConfig:
    message = generation_pb2.GenerateVideosConfig()
    for field in fields(config):
        value = getattr(config, field.name)
        if value is None or field.name in _NOT_SENT:
            continue
        path = f"config.{field.name}"
        match value:
            case Enum():
                # A message has the numbers of its enumerations as attributes.
                setattr(message, field.name, getattr(message, value.name))
            case Image():
                message.last_frame.CopyFrom(_image(value, path))
            case Mask():
                message.mask.CopyFrom(_mask(value, path))
            case tuple():
                message.reference_images.extend(
                    _reference_image(one, f"{path}[{index}]") for index, one in enumerate(value)
                )
            case Mapping():
                message.labels.update(value)
            case _:
                setattr(message, field.name, value)
    return message


def _mask(mask: Mask, path: str) -> media_pb2.Mask:
    image = instance(mask.image, Image, f"{path}.image", "an Image")
    return media_pb2.Mask(image=_image(image, f"{path}.image"), mask_mode=mask.mask_mode.upper())


def _reference_image(reference: ReferenceImage, path: str) -> media_pb2.ReferenceImage:
    image = instance(reference.image, Image, f"{path}.image", "an Image")
    return media_pb2.ReferenceImage(
        image=_image(image, f"{path}.image"), reference_type=reference.reference_type.upper()
    )


def _set_options(
    request: video_service_pb2.GenerateVideosRequest, options: GenerateVideosOptions
) -> None:
    given: dict[str, Any] = {**options}
    for name, value in given.items():
        match name:
            case "queue_timeout":
                request.queue_timeout.FromNanoseconds(round(queue_timeout(value) * 1e9))
            case "max_cost":
                units, nanos = max_cost(value)
                request.max_cost.CopyFrom(
                    money_pb2.Money(currency_code="USD", units=units, nanos=nanos)
                )
            case "priority":
                request.priority = whole_number(value, name, "a whole number from -100 to 100")
            case "webhook":
                request.webhook = text(value, name, "the id or the name of a webhook")
            case "webhook_metadata":
                request.webhook_metadata.update(texts(value, name))
            case "previous_operation":
                request.previous_operation = text(value, name, "the name of an operation")
            case _:
                setattr(request, name, truth_value(value, name))


def add_repeat_note(error: Exception, request: video_service_pb2.GenerateVideosRequest) -> None:
    """Add to an error how to find out whether the generation was started."""
    error.add_note(
        f"repeat the call with request_id={request.request_id!r}: it starts no second generation"
    )
