# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Validation accepts for each model exactly what its catalogue entry allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake_server.errors import InvalidRequest
from longtake_server.operations.requests.validation import OPTIONAL_FIELDS
from operations.operations_requests import (
    ASSET,
    CATALOGUE,
    IMAGE,
    MASK,
    STYLE,
    UUID4,
    VIDEO,
    accept,
    ask,
)

if TYPE_CHECKING:
    from longtake.v1.video_service_pb2 import GenerateVideosRequest
    from longtake_server.operations.requests.catalogue import ModelEntry

MODELS = CATALOGUE.models
# The models that Google documents or that third parties report.
KNOWN = {
    "veo-2.0-generate-001",
    "veo-2.0-generate-exp",
    "veo-2.0-generate-preview",
    "veo-3.0-generate-001",
    "veo-3.0-fast-generate-001",
    "veo-3.0-generate-preview",
    "veo-3.0-fast-generate-preview",
    "veo-3.0-generate-exp",
    "veo-3.1-generate-001",
    "veo-3.1-fast-generate-001",
    "veo-3.1-lite-generate-001",
    "veo-3.1-generate-preview",
    "veo-3.1-fast-generate-preview",
    "veo-3.1-lite-generate-preview",
    "gemini-omni-flash-preview",
    "gemini-omni-1.1-flash",
    "gemini-omni-1.1-flash-preview",
    "gemini-omni-1.2-flash",
}
# A request for each optional field, valid if the model supports the field.
SETTINGS: dict[str, dict[str, Any]] = {
    "image": {"image": IMAGE},
    "previous_operation": {"previous_operation": f"operations/{UUID4}"},
    "config.last_frame": {"image": IMAGE, "last_frame": IMAGE},
    "config.camera_control": {"image": IMAGE, "camera_control": GenerateVideosConfig.FIXED},
    "config.generate_audio": {"generate_audio": True},
    "config.resize_mode": {"image": IMAGE, "resize_mode": GenerateVideosConfig.PAD},
    "config.negative_prompt": {"negative_prompt": "blur"},
    "config.seed": {"seed": 0},
    "config.enhance_prompt": {"enhance_prompt": False},
    "config.person_generation": {"person_generation": GenerateVideosConfig.DONT_ALLOW},
    "config.safety_filter_level": {"safety_filter_level": GenerateVideosConfig.BLOCK_MOST},
    "config.compressed": {"compressed": True},
    "config.compression_quality": {"compression_quality": GenerateVideosConfig.LOSSLESS},
    "config.labels": {"labels": {"team": "a"}},
    "config.output_gcs_uri": {"output_gcs_uri": "gs://bucket/out"},
    "config.pubsub_topic": {"pubsub_topic": "projects/p/topics/progress"},
    "config.reference_images": {"reference_images": [ASSET]},
}
# These depend on other fields too and have tests of their own below.
APART = {"video", "config.mask"}


def accepted(request: GenerateVideosRequest) -> bool:
    try:
        accept(request)
    except InvalidRequest:
        return False
    return True


def each(values: dict[str, list[Any]], model: str) -> dict[str, list[Any]]:
    return {
        name: [one for one in candidates if accepted(ask(model, **{name: one}))]
        for name, candidates in values.items()
    }


def test_the_catalogue_has_every_known_model_with_its_source() -> None:
    assert {entry.id for entry in MODELS} >= KNOWN
    assert all(entry.source for entry in MODELS)


def test_every_optional_field_is_tested() -> None:
    assert {*SETTINGS, *APART} == set(OPTIONAL_FIELDS)


@pytest.mark.parametrize("entry", MODELS, ids=lambda one: one.id)
def test_values(entry: ModelEntry) -> None:
    tried: dict[str, list[Any]] = {
        "duration_seconds": list(range(20)),
        "resolution": ["", "360p", "480p", "720p", "1080p", "4k", "8k"],
        "aspect_ratio": ["", "16:9", "9:16", "1:1", "4:3"],
        "fps": [0, 23, 24, 30, 60],
        "number_of_videos": list(range(7)),
    }
    allowed = each(tried, entry.id)
    assert allowed["duration_seconds"] == sorted(entry.durations)
    assert set(allowed["resolution"]) == set(entry.resolutions)
    assert set(allowed["aspect_ratio"]) == set(entry.aspect_ratios)
    assert allowed["fps"] == sorted(entry.fps)
    assert allowed["number_of_videos"] == list(range(1, entry.max_videos + 1))


@pytest.mark.parametrize("field", SETTINGS)
@pytest.mark.parametrize("entry", MODELS, ids=lambda one: one.id)
def test_fields(entry: ModelEntry, field: str) -> None:
    needs_image = "image" in SETTINGS[field] and "image" not in entry.supported_fields
    has_assets = field != "config.reference_images" or entry.max_asset_references > 0
    allowed = field in entry.supported_fields and not needs_image and has_assets
    assert accepted(ask(entry.id, **SETTINGS[field])) == allowed


@pytest.mark.parametrize("entry", MODELS, ids=lambda one: one.id)
def test_videos_and_masks(entry: ModelEntry) -> None:
    has_video = "video" in entry.supported_fields
    assert accepted(ask(entry.id, video=VIDEO)) == (has_video and entry.extends)
    masked = has_video and "config.mask" in entry.supported_fields
    assert accepted(ask(entry.id, video=VIDEO, mask=MASK)) == masked


@pytest.mark.parametrize("entry", MODELS, ids=lambda one: one.id)
def test_numbers_of_references(entry: ModelEntry) -> None:
    for count in range(1, 13):
        assets = accepted(ask(entry.id, reference_images=[ASSET] * count))
        styles = accepted(ask(entry.id, reference_images=[STYLE] * count))
        assert assets == (count <= entry.max_asset_references)
        assert styles == (count <= entry.max_style_references)


@pytest.mark.parametrize("entry", [one for one in MODELS if one.extends], ids=lambda one: one.id)
def test_durations_of_an_extension(entry: ModelEntry) -> None:
    allowed = [
        seconds
        for seconds in range(1, 20)
        if accepted(ask(entry.id, video=VIDEO, duration_seconds=seconds))
    ]
    assert allowed == sorted(entry.extension_durations or entry.durations)
