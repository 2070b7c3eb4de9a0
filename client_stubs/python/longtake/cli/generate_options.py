# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of `longtake generate`: its inputs, its results, and how they are made."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from longtake.types import (
    CameraControl,
    CompressionQuality,
    GenerationMode,
    MaskMode,
    PersonGeneration,
    ReferenceType,
    ResizeMode,
    SafetyFilterLevel,
)


def _option(name: str, text: str, metavar: str | None = None, **more: Any) -> Any:
    return typer.Option(
        name, help=text, metavar=metavar, show_default=False, case_sensitive=False, **more
    )


PromptArgument = Annotated[
    str | None,
    typer.Argument(metavar="PROMPT", help="What the video shows.", show_default=False),
]
ModelOption = Annotated[str, typer.Option("--model", help="A model's ID; see longtake models.")]
WaitOption = Annotated[
    bool,
    typer.Option(
        "--wait/--no-wait", help="Wait for the end, or print the operation's name and exit."
    ),
]

ImageOption = Annotated[
    str | None, _option("--image", "The first frame: a file, gs:// or https://.", "FILE")
]
ImageTypeOption = Annotated[
    str | None,
    _option("--image-type", "The media type of --image, such as image/png.", "TYPE"),
]
VideoOption = Annotated[
    str | None, _option("--video", "A video to extend or edit: a file, gs:// or https://.", "FILE")
]
VideoTypeOption = Annotated[
    str | None, _option("--video-type", "The media type of --video, such as video/mp4.", "TYPE")
]
LastFrameOption = Annotated[
    str | None, _option("--last-frame", "The last frame. Needs --image.", "FILE")
]
LastFrameTypeOption = Annotated[
    str | None, _option("--last-frame-type", "The media type of --last-frame.", "TYPE")
]
ReferenceOption = Annotated[
    list[str] | None, _option("--reference", "An image to follow. May be repeated.", "FILE")
]
ReferenceTypeOption = Annotated[
    ReferenceType,
    _option("--reference-type", "What the --reference images stand for. Default: asset."),
]
ReferenceMediaTypeOption = Annotated[
    list[str] | None,
    _option(
        "--reference-media-type",
        "The media type of all --reference images, or repeated: of each in turn.",
        "TYPE",
    ),
]
MaskOption = Annotated[
    str | None, _option("--mask", "An image, white where --video is to be edited.", "FILE")
]
MaskTypeOption = Annotated[str | None, _option("--mask-type", "The media type of --mask.", "TYPE")]
MaskModeOption = Annotated[
    MaskMode | None, _option("--mask-mode", "What the edit does inside the mask.")
]
PreviousOperationOption = Annotated[
    str | None, _option("--previous-operation", "A generation whose result to edit.", "NAME")
]

DurationOption = Annotated[int | None, _option("--duration", "Seconds.")]
AspectRatioOption = Annotated[str | None, _option("--aspect-ratio", "For example 16:9.", "W:H")]
ResolutionOption = Annotated[
    str | None, _option("--resolution", "360p, 720p, 1080p or 4k.", "HEIGHT")
]
FpsOption = Annotated[int | None, _option("--fps", "Frames per second.")]
NumberOfVideosOption = Annotated[
    int | None, _option("--number-of-videos", "How many videos to make.")
]
NegativePromptOption = Annotated[
    str | None, _option("--negative-prompt", "What the video must not show.", "TEXT")
]
AudioOption = Annotated[bool | None, _option("--audio/--no-audio", "With or without sound.")]
CameraControlOption = Annotated[
    CameraControl | None, _option("--camera-control", "A camera movement. Needs --image.")
]
ResizeModeOption = Annotated[
    ResizeMode | None, _option("--resize-mode", "How to fit --image to the aspect ratio.")
]
CompressedOption = Annotated[
    bool | None, _option("--compressed/--lossless", "Small files, or lossless ones.")
]
CompressionQualityOption = Annotated[
    CompressionQuality | None,
    _option("--compression-quality", "The newer name of --compressed and --lossless."),
]
OutputGcsUriOption = Annotated[
    str | None,
    _option("--output-gcs-uri", "Where the upstream writes the results.", "gs://BUCKET/PREFIX"),
]

SeedOption = Annotated[
    int | None, _option("--seed", "From 0 to 4294967295, for repeatable results.")
]
EnhancePromptOption = Annotated[
    bool | None,
    _option("--enhance-prompt/--no-enhance-prompt", "Whether the model may rewrite the prompt."),
]
GenerationModeOption = Annotated[
    GenerationMode | None, _option("--generation-mode", "Which variant of the model to use.")
]
PersonGenerationOption = Annotated[
    PersonGeneration | None, _option("--person-generation", "Whether people may appear.")
]
SafetyFilterLevelOption = Annotated[
    SafetyFilterLevel | None,
    _option("--safety-filter-level", "How strictly unsafe content is withheld."),
]
LabelOption = Annotated[
    list[str] | None, _option("--label", "A label for billing. May be repeated.", "KEY=VALUE")
]
PubsubTopicOption = Annotated[
    str | None,
    _option("--pubsub-topic", "A topic to which the upstream reports progress.", "TOPIC"),
]
RequestIdOption = Annotated[
    str | None,
    _option(
        "--request-id",
        "A repeated request with the same ID returns the same operation and is billed once.",
        "UUID4",
    ),
]
PriorityOption = Annotated[int | None, _option("--priority", "From -100 to 100, highest first.")]
QueueTimeoutOption = Annotated[
    float | None, _option("--queue-timeout", "How many seconds it may stay queued.", min=0.0)
]
AllowModelFallbackOption = Annotated[
    bool, _option("--allow-model-fallback", "Allow another model to serve it.")
]
ResubmitIfUnknownOption = Annotated[
    bool,
    _option(
        "--resubmit-if-unknown",
        "Submit again if the first outcome is unknown; you may be billed twice.",
    ),
]
WebhookOption = Annotated[
    str | None,
    _option("--webhook", "The webhook that gets its events; see longtake webhooks.", "ID"),
]
WebhookMetadataOption = Annotated[
    list[str] | None,
    _option("--webhook-metadata", "What the events repeat. May be repeated.", "KEY=VALUE"),
]
MaxCostOption = Annotated[
    str | None,
    _option("--max-cost", "Refuse it if it could cost more US dollars, such as 1.50.", "AMOUNT"),
]
ValidateOnlyOption = Annotated[
    bool,
    _option("--validate-only", "Check the request and print the highest cost. Start nothing."),
]
