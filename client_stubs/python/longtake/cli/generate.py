# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake generate`."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, cast

from longtake.cli import generate_options as options  # noqa: TC001 - typer reads the annotations
from longtake.cli.destination import OutputOption  # noqa: TC001 - typer reads the annotations
from longtake.cli.inputs import (
    IMAGE,
    LAST_FRAME,
    VIDEO,
    image_of,
    mask_of,
    pairs_of,
    references_of,
    video_of,
)
from longtake.cli.ordering import Order, run, validate
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations
from longtake.types import GenerateVideosConfig, ReferenceType

if TYPE_CHECKING:
    from longtake.types import GenerateVideosOptions

_DEFAULT_MODEL = "veo-3.1-fast-generate-001"


def generate(
    session: Session,
    prompt: options.PromptArgument = None,
    output: OutputOption = None,
    model: options.ModelOption = _DEFAULT_MODEL,
    wait: options.WaitOption = True,
    image: options.ImageOption = None,
    image_type: options.ImageTypeOption = None,
    video: options.VideoOption = None,
    video_type: options.VideoTypeOption = None,
    last_frame: options.LastFrameOption = None,
    last_frame_type: options.LastFrameTypeOption = None,
    reference: options.ReferenceOption = None,
    reference_type: options.ReferenceTypeOption = ReferenceType.ASSET,
    reference_media_type: options.ReferenceMediaTypeOption = None,
    mask: options.MaskOption = None,
    mask_type: options.MaskTypeOption = None,
    mask_mode: options.MaskModeOption = None,
    previous_operation: options.PreviousOperationOption = None,
    duration: options.DurationOption = None,
    aspect_ratio: options.AspectRatioOption = None,
    resolution: options.ResolutionOption = None,
    fps: options.FpsOption = None,
    number_of_videos: options.NumberOfVideosOption = None,
    negative_prompt: options.NegativePromptOption = None,
    audio: options.AudioOption = None,
    camera_control: options.CameraControlOption = None,
    resize_mode: options.ResizeModeOption = None,
    compressed: options.CompressedOption = None,
    compression_quality: options.CompressionQualityOption = None,
    output_gcs_uri: options.OutputGcsUriOption = None,
    seed: options.SeedOption = None,
    enhance_prompt: options.EnhancePromptOption = None,
    generation_mode: options.GenerationModeOption = None,
    person_generation: options.PersonGenerationOption = None,
    safety_filter_level: options.SafetyFilterLevelOption = None,
    label: options.LabelOption = None,
    pubsub_topic: options.PubsubTopicOption = None,
    request_id: options.RequestIdOption = None,
    priority: options.PriorityOption = None,
    queue_timeout: options.QueueTimeoutOption = None,
    allow_model_fallback: options.AllowModelFallbackOption = False,
    resubmit_if_unknown: options.ResubmitIfUnknownOption = False,
    webhook: options.WebhookOption = None,
    webhook_metadata: options.WebhookMetadataOption = None,
    max_cost: options.MaxCostOption = None,
    validate_only: options.ValidateOnlyOption = False,
) -> None:
    """Generate videos, show their progress, and save them.

    Options that you leave out are left to the model. Ctrl-C stops waiting, not the generation.
    """
    config = GenerateVideosConfig(
        aspect_ratio=aspect_ratio,
        duration=duration,
        negative_prompt=negative_prompt,
        safety_filter_level=safety_filter_level,
        person_generation=person_generation,
        compressed=compressed,
        generation_mode=generation_mode,
        number_of_videos=number_of_videos,
        resolution=resolution,
        fps=fps,
        seed=seed,
        enhance_prompt=enhance_prompt,
        generate_audio=audio,
        compression_quality=compression_quality,
        last_frame=image_of(LAST_FRAME, last_frame, last_frame_type),
        reference_images=references_of(reference, reference_media_type, reference_type),
        mask=mask_of(mask, mask_type, mask_mode),
        camera_control=camera_control,
        resize_mode=resize_mode,
        labels=pairs_of("--label", label),
        output_gcs_uri=output_gcs_uri,
        pubsub_topic=pubsub_topic,
    )
    order = Order(
        model=model,
        prompt=prompt,
        image=image_of(IMAGE, image, image_type),
        video=video_of(VIDEO, video, video_type),
        config=config,
        request_id=request_id or str(uuid.uuid4()),
        options=_given(
            priority=priority,
            queue_timeout=queue_timeout,
            allow_model_fallback=allow_model_fallback or None,
            resubmit_if_unknown=resubmit_if_unknown or None,
            previous_operation=previous_operation,
            webhook=webhook,
            webhook_metadata=pairs_of("--webhook-metadata", webhook_metadata),
            max_cost=max_cost,
        ),
    )
    if validate_only:
        validate(session, order)
    else:
        run(session, order, wait=wait, output=output)


def _given(**values: object) -> GenerateVideosOptions:
    given = {name: value for name, value in values.items() if value is not None}
    return cast("GenerateVideosOptions", given)
