# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The options of `longtake generate`: what it is made from, what comes out, how it is made."""

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
    typer.Argument(metavar="PROMPT", help="What the video shall show.", show_default=False),
]
ModelOption = Annotated[str, typer.Option("--model", help="See: longtake models.")]
WaitOption = Annotated[
    bool, typer.Option("--wait/--no-wait", help="Wait for the end, or only print the name.")
]

ImageOption = Annotated[
    str | None, _option("--image", "The picture it starts with: a file, gs:// or https://.", "FILE")
]
VideoOption = Annotated[
    str | None, _option("--video", "A video to extend or edit: a file, gs:// or https://.", "FILE")
]
LastFrameOption = Annotated[
    str | None, _option("--last-frame", "The picture it ends with. Needs --image.", "FILE")
]
ReferenceOption = Annotated[
    list[str] | None, _option("--reference", "An image that guides it. May be repeated.", "FILE")
]
ReferenceTypeOption = Annotated[
    ReferenceType,
    _option("--reference-type", "What --reference stands for; asset if not given."),
]
MaskOption = Annotated[
    str | None, _option("--mask", "The part of --video to edit: where this image is white.", "FILE")
]
MaskModeOption = Annotated[MaskMode | None, _option("--mask-mode", "What the edit does there.")]
PreviousOperationOption = Annotated[
    str | None, _option("--previous-operation", "A generation to edit further.", "NAME")
]

DurationOption = Annotated[int | None, _option("--duration", "Seconds.")]
AspectRatioOption = Annotated[str | None, _option("--aspect-ratio", "For example 16:9.", "W:H")]
ResolutionOption = Annotated[
    str | None, _option("--resolution", "360p, 720p, 1080p or 4k.", "HEIGHT")
]
FpsOption = Annotated[int | None, _option("--fps", "Frames per second.")]
NumberOfVideosOption = Annotated[int | None, _option("--number-of-videos", "How many videos.")]
NegativePromptOption = Annotated[
    str | None, _option("--negative-prompt", "What shall not appear.", "TEXT")
]
AudioOption = Annotated[bool | None, _option("--audio/--no-audio", "Whether it has sound.")]
CameraControlOption = Annotated[
    CameraControl | None, _option("--camera-control", "A movement of the camera. Needs --image.")
]
ResizeModeOption = Annotated[
    ResizeMode | None, _option("--resize-mode", "How --image is fitted to the aspect ratio.")
]
CompressedOption = Annotated[
    bool | None, _option("--compressed/--lossless", "Small files, or large ones without loss.")
]
CompressionQualityOption = Annotated[
    CompressionQuality | None, _option("--compression-quality", "The same under its newer name.")
]
OutputGcsUriOption = Annotated[
    str | None,
    _option("--output-gcs-uri", "Where the upstream writes the results.", "gs://BUCKET/PREFIX"),
]

SeedOption = Annotated[
    int | None, _option("--seed", "From 0 to 4294967295, for results that repeat.")
]
EnhancePromptOption = Annotated[
    bool | None, _option("--enhance-prompt/--no-enhance-prompt", "May the prompt be rewritten?")
]
GenerationModeOption = Annotated[
    GenerationMode | None, _option("--generation-mode", "Which sibling of the model serves it.")
]
PersonGenerationOption = Annotated[
    PersonGeneration | None, _option("--person-generation", "Whether people may appear.")
]
SafetyFilterLevelOption = Annotated[
    SafetyFilterLevel | None,
    _option("--safety-filter-level", "How strictly unsafe content is withheld."),
]
LabelOption = Annotated[
    list[str] | None, _option("--label", "A label for the bill. May be repeated.", "KEY=VALUE")
]
PubsubTopicOption = Annotated[
    str | None, _option("--pubsub-topic", "A topic that the upstream tells of progress.", "TOPIC")
]
RequestIdOption = Annotated[
    str | None,
    _option("--request-id", "The same UUID again returns the same operation, paid once.", "UUID4"),
]
PriorityOption = Annotated[int | None, _option("--priority", "From -100 to 100, higher first.")]
QueueTimeoutOption = Annotated[
    float | None, _option("--queue-timeout", "Seconds it may wait to be submitted.", min=0.0)
]
AllowModelFallbackOption = Annotated[
    bool, _option("--allow-model-fallback", "Another model may serve it.")
]
ResubmitIfUnknownOption = Annotated[
    bool, _option("--resubmit-if-unknown", "Submit again if in doubt; may be billed twice.")
]
