# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the contract's requests from what callers give. No I/O besides a video's own bytes."""

from __future__ import annotations

import uuid
from dataclasses import fields
from enum import Enum
from typing import TYPE_CHECKING, Any

from longtake._durations import queue_timeout
from longtake.types import GenerateVideosConfig, Image, Mask, Operation, ReferenceImage, Video
from longtake.v1 import generation_pb2, media_pb2, video_service_pb2

if TYPE_CHECKING:
    from longtake.types import GenerateVideosConfigDict, GenerateVideosOptions


def generate_request(
    model: str,
    prompt: str | None,
    image: Image | None,
    video: Video | None,
    config: GenerateVideosConfig | GenerateVideosConfigDict | None,
    request_id: str | None,
    options: GenerateVideosOptions,
) -> video_service_pb2.GenerateVideosRequest:
    """Return the request, with a new request_id where none is given.

    Raises:
        ValueError: A field is wrong; the message names it.

    """
    request = video_service_pb2.GenerateVideosRequest(
        request_id=checked(request_id or str(uuid.uuid4()), str, "request_id"),
        model=checked(model, str, "model"),
        prompt=checked(prompt or "", str, "prompt"),
    )
    if image is not None:
        request.image.CopyFrom(_image(checked(image, Image, "image")))
    if video is not None:
        request.video.CopyFrom(_video(checked(video, Video, "video")))
    if config is not None:
        request.config.CopyFrom(_config(GenerateVideosConfig.of(config)))
    for name, value in options.items():
        _set_option(request, name, value)
    return request


def operation_name(operation: Operation[Any] | str) -> str:
    """Return the name of an operation, of which the `operations/` may be left out.

    Raises:
        ValueError: It is empty.

    """
    name = operation.name if isinstance(operation, Operation) else operation
    return _resource_name("operations", name)


def model_name(model: str) -> str:
    """Return `models/{model}`.

    Raises:
        ValueError: It is empty.

    """
    return _resource_name("models", model)


def _resource_name(collection: str, name: str) -> str:
    if not name:
        raise ValueError(f"name: it is empty; it is {collection}/{{id}}")
    return name if "/" in name else f"{collection}/{name}"


def checked(value: Any, kind: type, field: str) -> Any:
    """Return a value of the kind given.

    Raises:
        ValueError: It is of another kind.

    """
    if isinstance(value, kind):
        return value
    raise ValueError(
        f"{field}: {type(value).__name__} is not accepted; accepted is {kind.__name__}"
    )


def _image(image: Image) -> media_pb2.Image:
    if image.file_data is not None:
        return media_pb2.Image(file_data=_file(image))
    return media_pb2.Image(data=image.data or b"", mime_type=image.mime_type or "")


def _video(video: Video) -> media_pb2.Video:
    if video.file_data is not None:
        return media_pb2.Video(file_data=_file(video))
    return media_pb2.Video(data=video.data or b"", mime_type=video.mime_type or "")


def _file(media: Image | Video) -> media_pb2.FileData | None:
    file = media.file_data
    if file is None:
        return None
    return media_pb2.FileData(file_uri=file.file_uri, mime_type=file.mime_type)


def _config(config: GenerateVideosConfig) -> generation_pb2.GenerateVideosConfig:
    message = generation_pb2.GenerateVideosConfig()
    for field in fields(config):
        value = getattr(config, field.name)
        if value is None or field.name == "duration":
            continue
        match value:
            case Enum():
                # A message has the numbers of its own enumerations by their names.
                setattr(message, field.name, getattr(message, value.name))
            case Image():
                message.last_frame.CopyFrom(_image(value))
            case Mask():
                message.mask.CopyFrom(_mask(value))
            case tuple():
                message.reference_images.extend(_reference_image(one) for one in value)
            case dict():
                message.labels.update(value)
            case _:
                setattr(message, field.name, value)
    return message


def _mask(mask: Mask) -> media_pb2.Mask:
    return media_pb2.Mask(image=_image(mask.image), mask_mode=mask.mask_mode.upper())


def _reference_image(reference: ReferenceImage) -> media_pb2.ReferenceImage:
    return media_pb2.ReferenceImage(
        image=_image(reference.image), reference_type=reference.reference_type.upper()
    )


def _set_option(request: video_service_pb2.GenerateVideosRequest, name: str, value: Any) -> None:
    try:
        if name == "queue_timeout":
            request.queue_timeout.FromNanoseconds(round(queue_timeout(value) * 1e9))
        else:
            setattr(request, name, value)
    except (AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"{name}: {value!r} is not accepted") from error


def add_repeat_note(error: Exception, request: video_service_pb2.GenerateVideosRequest) -> None:
    """Tell with an error after which nobody knows whether the generation began how to find out."""
    error.add_note(
        f"the same call with request_id={request.request_id!r} starts no second generation"
    )
