# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Validates a request against the catalogue, and reports all violations at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake.v1.generation_pb2 import GenerateVideosConfig
from longtake.v1.media_pb2 import ReferenceImage

from longtake_server.errors import InvalidRequest, ModelRetired, Violation
from longtake_server.operations.requests.catalogue import Stage, extends
from longtake_server.operations.requests.media_violations import AcceptedVideos
from longtake_server.operations.requests.request_violations import request_violations

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

    from longtake_server.operations.requests.catalogue import Catalogue, ModelEntry

_LONGEST_SHOWN = 100
_MODES = GenerateVideosConfig.GenerationMode
_MODE_NUMBERS = frozenset(_MODES.values())
_ANY_VIDEOS = AcceptedVideos()

# The fields that a model may lack, each with the advice for callers.
OPTIONAL_FIELDS: Mapping[str, str] = {
    "image": "start from a prompt",
    "video": "this model cannot extend or edit a video",
    "previous_operation": "this model keeps no conversation; give the earlier result as video",
    "config.last_frame": "leave it out",
    "config.reference_images": "describe them in the prompt",
    "config.mask": "this model cannot edit a part of a video",
    "config.camera_control": "describe the movement in the prompt",
    "config.generate_audio": "leave it out",
    "config.resize_mode": "leave it out",
    "config.negative_prompt": "describe it in the prompt",
    "config.seed": "leave it out",
    "config.enhance_prompt": "leave it out",
    "config.person_generation": "leave it out",
    "config.safety_filter_level": "use config.person_generation",
    "config.compressed": "leave it out",
    "config.compression_quality": "leave it out",
    "config.labels": "leave them out",
    "config.output_gcs_uri": "leave it out; Longtake stores the results",
    "config.pubsub_topic": "watch the operation",
}


def validate(
    request: GenerateVideosRequest,
    catalogue: Catalogue,
    *,
    enforce_retirement: bool,
    upstream_check: Callable[[str, GenerateVideosRequest], Sequence[Violation]],
) -> ModelEntry:
    """Return the catalogue entry of the model that serves the request.

    That is the named model or the target of an alias, or their sibling for the `generation_mode`.

    Args:
        request: The request.
        catalogue: The models.
        enforce_retirement: Whether requests for a retired model are refused.
        upstream_check: Given an entry's upstream and the request, returns a violation for each
            field that the API of that upstream cannot express.

    Raises:
        InvalidRequest: At least one field is wrong. Holds all violations.
        ModelRetired: The request is valid, but its model is retired.

    """
    present = {field.name for field, _ in request.ListFields()}
    mode = request.config.generation_mode
    entry = catalogue.serving(request.model)
    served = catalogue.get(entry.sibling(mode) or entry.id) if entry else None
    violations = list(request_violations(request, present, _accepted_videos(served, present)))
    if entry is None or served is None:
        violations.insert(0, _unknown_model(request.model, catalogue))
    else:
        if mode:
            violations.extend(_mode_violations(mode, entry))
        violations.extend(_field_violations(request, present, served))
        if "config" in present:
            violations.extend(_value_violations(request.config, served, extending=extends(request)))
            violations.extend(_reference_violations(request.config, served))
        seen = {violation.field for violation in violations}
        faults = upstream_check(served.upstream, request)
        violations.extend(fault for fault in faults if fault.field not in seen)
    if violations or entry is None or served is None:
        raise InvalidRequest(violations)
    if enforce_retirement:
        _refuse_retired(entry, served)
    return served


def _refuse_retired(*entries: ModelEntry) -> None:
    for entry in entries:
        if entry.stage is Stage.RETIRED:
            day = entry.retirement_date
            gone = day.isoformat() if day else "an unknown day"
            raise ModelRetired(entry.id, gone, entry.replacement or "")


def _unknown_model(model: str, catalogue: Catalogue) -> Violation:
    accepted = ", ".join(entry.id for entry in catalogue.models)
    said = f"{model[:_LONGEST_SHOWN]!r} is not known" if model else "it is required"
    return Violation("model", f"{said}; accepted are {accepted}")


def _mode_violations(mode: int, entry: ModelEntry) -> Iterator[Violation]:
    if mode in _MODE_NUMBERS and entry.sibling(mode) is None:
        siblings = (_MODES.Name(one) for one in _MODES.values() if one and entry.sibling(one))
        accepted = ", ".join(siblings) or "no value"
        yield Violation(
            "config.generation_mode",
            f"model {entry.id} has no model for this mode; accepted by it is {accepted}",
        )


def _field_violations(
    request: GenerateVideosRequest, present: AbstractSet[str], entry: ModelEntry
) -> Iterator[Violation]:
    paths = set(present)
    if "config" in present:
        paths.update(f"config.{field.name}" for field, _ in request.config.ListFields())
    if unsupported := (OPTIONAL_FIELDS.keys() & paths) - entry.supported_fields:
        for field, instead in OPTIONAL_FIELDS.items():
            if field in unsupported:
                yield Violation(field, f"model {entry.id} has no such field: {instead}")
    if "video" in present & entry.supported_fields and extends(request) and not entry.extends:
        accepted = "give config.mask to edit it"
        yield Violation("video", f"model {entry.id} cannot extend a video: {accepted}")


def _accepted_videos(entry: ModelEntry | None, present: AbstractSet[str]) -> AcceptedVideos:
    """Return which input videos a model accepts; without a video or a model, those of any."""
    if "video" not in present or entry is None or not entry.extension_types:
        return _ANY_VIDEOS
    return AcceptedVideos(entry.extension_types, f" by model {entry.id}")


def _value_violations(
    config: GenerateVideosConfig, entry: ModelEntry, *, extending: bool
) -> Iterator[Violation]:
    durations = entry.extension_durations if extending else ()
    choices: Mapping[str, Sequence[int | str]] = {
        "duration_seconds": durations or entry.durations,
        "resolution": entry.resolutions,
        "aspect_ratio": entry.aspect_ratios,
        "fps": entry.fps,
    }
    for name, accepted in choices.items():
        if config.HasField(name):
            yield from _one_of(f"config.{name}", getattr(config, name), accepted, entry)
    count = config.number_of_videos
    if config.HasField("number_of_videos") and not 1 <= count <= entry.max_videos:
        yield Violation(
            "config.number_of_videos",
            f"{count}; accepted by model {entry.id} are 1 to {entry.max_videos}",
        )


def _reference_violations(config: GenerateVideosConfig, entry: ModelEntry) -> Iterator[Violation]:
    if not config.reference_images or "config.reference_images" not in entry.supported_fields:
        return
    kinds = [reference.reference_type for reference in config.reference_images]
    assets, styles = kinds.count(ReferenceImage.ASSET), kinds.count(ReferenceImage.STYLE)
    too_many = assets > entry.max_asset_references or styles > entry.max_style_references
    if too_many or (assets and styles):
        accepted = f"at most {entry.max_asset_references} of type ASSET"
        if entry.max_style_references:
            accepted += f" or at most {entry.max_style_references} of type STYLE"
        yield Violation(
            "config.reference_images",
            f"there are {assets} of type ASSET and {styles} of type STYLE; accepted by model "
            f"{entry.id} are {accepted}",
        )
    forced, asked = entry.reference_duration, config.duration_seconds
    if forced is not None and config.HasField("duration_seconds") and asked != forced:
        yield Violation(
            "config.duration_seconds",
            f"{asked}; accepted by model {entry.id} with config.reference_images is {forced}",
        )


def _one_of(
    field: str, value: int | str, accepted: Sequence[int | str], entry: ModelEntry
) -> Iterator[Violation]:
    if value not in accepted:
        shown = ", ".join(map(str, accepted))
        said = f"{str(value)[:_LONGEST_SHOWN]!r}" if isinstance(value, str) else str(value)
        yield Violation(field, f"{said}; accepted by model {entry.id} are {shown}")
