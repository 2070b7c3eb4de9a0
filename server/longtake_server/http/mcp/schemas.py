# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The JSON Schemas of the tools: what they take, and what they return."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.http.mcp.arguments import (
    DEFAULT_WAIT_SECONDS,
    IDEMPOTENCY_KEY,
    LARGEST_SEED,
    LONGEST_KEY,
    LONGEST_WAIT_SECONDS,
    MOST_DOLLARS,
    PERSON_GENERATION,
)
from longtake_server.operations.model import State
from longtake_server.operations.requests.catalogue import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from longtake_server.operations.requests.catalogue import ModelEntry

    Schema = dict[str, Any]

_TIME = {"type": "string", "format": "date-time"}
_TEXT = {"type": "string"}
_COUNT = {"type": "integer", "minimum": 0}


def generation_input(models: Sequence[ModelEntry]) -> Schema:
    """Return the input of estimate_cost, with the values that any of the models accepts."""
    return _object(_generation(models), ("model", "prompt"))


def keyed_generation_input(models: Sequence[ModelEntry]) -> Schema:
    """Return the input of generate_video: that of estimate_cost, and the idempotency key."""
    key = {
        "type": "string",
        "minLength": 1,
        "maxLength": LONGEST_KEY,
        "description": "A text that you choose for this video, for example a UUID. If the call "
        "fails or times out, repeat it with the same key: you get the operation that it started, "
        "and nothing is paid twice. Choose a new key for each further video, even one with the "
        "same prompt.",
    }
    return _object(
        {IDEMPOTENCY_KEY: key, **_generation(models)}, (IDEMPOTENCY_KEY, "model", "prompt")
    )


def _generation(models: Sequence[ModelEntry]) -> Schema:
    offered = [entry for entry in models if entry.stage is not Stage.RETIRED]
    durations = [seconds for entry in offered for seconds in entry.durations]
    image = {
        "uri": {"type": "string", "description": "gs://bucket/object, readable by the upstream."},
        "mime_type": {"type": "string", "enum": ["image/jpeg", "image/png", "image/webp"]},
    }
    return {
        "prompt": {"type": "string", "minLength": 1, "description": "What the video shows."},
        "model": {
            "type": "string",
            "enum": [entry.id for entry in offered],
            "description": "The model. list_models tells what each one can do and costs.",
        },
        "duration_seconds": {
            "type": "integer",
            "minimum": min(durations, default=1),
            "maximum": max(durations, default=1),
            "description": "Length of each video. Each model accepts some values only.",
        },
        "aspect_ratio": {
            "type": "string",
            "enum": _distinct(entry.aspect_ratios for entry in offered),
            "description": "Width to height. Default: the first one of the model.",
        },
        "resolution": {
            "type": "string",
            "enum": _distinct(entry.resolutions for entry in offered),
            "description": "Default: the first one of the model. Higher ones cost more.",
        },
        "number_of_videos": {
            "type": "integer",
            "minimum": 1,
            "maximum": max((entry.max_videos for entry in offered), default=1),
            "description": "How many videos of the same prompt. Each one is paid. Default: 1.",
        },
        "negative_prompt": {"type": "string", "description": "What to keep out of the video."},
        "generate_audio": {
            "type": "boolean",
            "description": "Whether the video has sound. Default: the model's.",
        },
        "seed": {"type": "integer", "minimum": 0, "maximum": LARGEST_SEED},
        "person_generation": {
            "type": "string",
            "enum": list(PERSON_GENERATION),
            "description": "Whether people may appear.",
        },
        "image": {
            **_object(image, tuple(image)),
            "description": "The first frame.",
        },
        "last_frame": {
            **_object(image, tuple(image)),
            "description": "The last frame. Needs image.",
        },
        "previous_operation": {
            "type": "string",
            "description": "operations/{id} of an operation of yours whose video to go on from, "
            "if the model can.",
        },
        "allow_model_fallback": {
            "type": "boolean",
            "description": "Whether another model may serve the request while this one has no "
            "quota left. Default: false.",
        },
        "max_cost": {
            "type": "number",
            "minimum": 0,
            "maximum": MOST_DOLLARS,
            "description": "The most that the call may cost in US dollars, such as 2.5. A call "
            "that could cost more is refused, and nothing is paid.",
        },
        "labels": {
            "type": "object",
            "additionalProperties": _TEXT,
            "description": "Labels for accounting, such as a team. Budgets can be tied to them.",
        },
    }


def operation_input() -> Schema:
    """Return the input of cancel_video."""
    return _object({"operation": _operation()}, ("operation",))


def waiting_input() -> Schema:
    """Return the input of get_video."""
    seconds = {
        "type": "integer",
        "minimum": 0,
        "maximum": LONGEST_WAIT_SECONDS,
        "default": DEFAULT_WAIT_SECONDS,
        "description": "How long to wait for the end. The call returns as soon as the video is "
        "ready, and at the latest after this time.",
    }
    return _object({"operation": _operation(), "wait_seconds": seconds}, ("operation",))


def empty_input() -> Schema:
    """Return the input of list_models."""
    return _object({}, ())


def _operation() -> Schema:
    return {
        "type": "string",
        "description": "The operation, as generate_video returned it: operations/{id}.",
    }


def operation_output() -> Schema:
    """Return what the tools return of an operation."""
    video = {
        "name": _TEXT,
        "resource": {"type": "string", "description": "URI of a resource with these members."},
        "url": {
            "type": "string",
            "description": "Address of the video. It needs no credential, so whoever has it can "
            "read the video until url_expire_time.",
        },
        "url_expire_time": _TIME,
        "mime_type": _TEXT,
        "size_bytes": _COUNT,
        "sha256": _TEXT,
    }
    error = {"code": _TEXT, "reason": _TEXT, "message": _TEXT}
    return _open_object(
        {
            "operation": _TEXT,
            "state": {"type": "string", "enum": [state.value for state in State]},
            "done": {"type": "boolean"},
            "model": _TEXT,
            "served_model": _TEXT,
            "create_time": _TIME,
            "end_time": _TIME,
            "keep_until": {**_TIME, "description": "When the operation and its videos go."},
            "queue_position": {"type": "integer", "minimum": 1},
            "estimated_start_time": _TIME,
            "estimated_finish_time": _TIME,
            "estimated_seconds_left": _COUNT,
            "cancel_requested": {"type": "boolean"},
            "estimated_cost_usd": {"type": "number", "minimum": 0},
            "warnings": {"type": "array", "items": _TEXT},
            "prompt": {"type": "string", "description": "The beginning of the prompt."},
            "delayed_by": _TEXT,
            "error": _open_object(error, tuple(error)),
            "videos": {
                "type": "array",
                "items": _open_object(video, ("name", "resource", "mime_type")),
            },
            "withheld_videos": {**_COUNT, "description": "How many a safety filter withheld."},
            "withheld_reasons": {"type": "array", "items": _TEXT},
        },
        ("operation", "state", "done", "model", "create_time"),
    )


def estimate_output() -> Schema:
    """Return what estimate_cost returns."""
    return _open_object(
        {
            "model": _TEXT,
            "served_model": _TEXT,
            "max_cost_usd": {
                "type": "number",
                "minimum": 0,
                "description": "The most that the request can cost. Absent if it has no known "
                "price.",
            },
            "warnings": {"type": "array", "items": _TEXT},
        },
        ("model", "served_model"),
    )


def models_output() -> Schema:
    """Return what list_models returns. The first value of a list is the default."""
    price = {
        "resolution": _TEXT,
        "audio": {"type": "boolean"},
        "usd_per_second": {"type": "number", "minimum": 0},
    }
    texts = {"type": "array", "items": _TEXT}
    model = {
        "model": _TEXT,
        "display_name": _TEXT,
        "stage": {"type": "string", "enum": [stage.value for stage in Stage]},
        "retirement_date": {"type": "string", "format": "date"},
        "replacement": _TEXT,
        "durations_seconds": {"type": "array", "items": {"type": "integer"}},
        "default_duration_seconds": {"type": "integer"},
        "resolutions": texts,
        "aspect_ratios": texts,
        "max_videos": {"type": "integer", "minimum": 1},
        "prices": {"type": "array", "items": _open_object(price, tuple(price))},
    }
    optional = ("retirement_date", "replacement")
    required = tuple(name for name in model if name not in optional)
    models = {"type": "array", "items": _open_object(model, required)}
    return _open_object({"models": models}, ("models",))


def _object(properties: Mapping[str, Any], required: tuple[str, ...]) -> Schema:
    return {**_open_object(properties, required), "additionalProperties": False}


def _open_object(properties: Mapping[str, Any], required: tuple[str, ...]) -> Schema:
    """Return the schema of an object that later versions may extend."""
    return {"type": "object", "properties": dict(properties), "required": list(required)}


def _distinct(lists: Iterable[Iterable[str]]) -> list[str]:
    return list(dict.fromkeys(value for values in lists for value in values))
