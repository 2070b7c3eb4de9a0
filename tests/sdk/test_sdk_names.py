# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client has every name that google-genai has for video, but those that are listed here.

The SDK is asked for its names, and each list is exact: a name that the SDK gains or loses, and
one that the client gains, fails a test.
"""

from __future__ import annotations

import dataclasses
import inspect
import typing
from typing import Any

import longtake
import pytest
from google import genai
from google.genai import errors as sdk_errors
from google.genai import files, models, operations
from google.genai import types as sdk_types

_NOT_VIDEO = "it is not about video: google-genai beside longtake has it"
_OUTPUT = "a result is always an object; `to_dict` makes a dict of it"
_NOTEBOOK = "a preview in notebooks: display `video.data`"
_CAMEL_CASE = "it is the SDK's own way to read Google's JSON"

# What the SDK has and the client has not, each with the reason.
MISSING: dict[str, dict[str, str]] = {
    "Client()": {"debug_config": "it records and replays the SDK's own HTTP calls"},
    "Client": dict.fromkeys(
        (
            "agents",
            "auth_tokens",
            "batches",
            "caches",
            "chats",
            "credentials",
            "decisions",
            "environments",
            "file_search_stores",
            "triggers",
            "tunings",
            "voices",
        ),
        _NOT_VIDEO,
    )
    | {
        "interactions": "client.models.generate_videos takes the Omni models, too",
    },
    "AsyncClient": dict.fromkeys(
        (
            "agents",
            "auth_tokens",
            "batches",
            "caches",
            "chats",
            "credentials",
            "decisions",
            "environments",
            "file_search_stores",
            "live",
            "triggers",
            "tunings",
            "voices",
        ),
        _NOT_VIDEO,
    )
    | {
        "interactions": "client.aio.models.generate_videos takes the Omni models, too",
    },
    "models": dict.fromkeys(
        (
            "compute_tokens",
            "count_tokens",
            "delete",
            "edit_image",
            "embed_content",
            "generate_content",
            "generate_content_stream",
            "generate_images",
            "recontext_image",
            "segment_image",
            "update",
            "upscale_image",
        ),
        _NOT_VIDEO,
    )
    | {"vertexai": "`client.vertexai` has it"},
    "operations": {
        "T": "a type variable that the SDK leaves in the class",
        "vertexai": "`client.vertexai` has it",
    },
    "files": dict.fromkeys(("delete", "get", "list", "register_files", "upload"), _NOT_VIDEO)
    | {"vertexai": "`client.vertexai` has it"},
    "generate_videos()": {},
    "operations.get()": {},
    "files.download()": {"config": "a download has no deadline: it is resumed until it is whole"},
    "errors": {
        "ContinuationInterruptedError": _NOT_VIDEO,
        "FunctionInvocationError": _NOT_VIDEO,
        "UnknownApiResponseError": "an answer of the contract can always be read",
        "UnknownFunctionCallArgumentError": _NOT_VIDEO,
        "UnsupportedFunctionError": _NOT_VIDEO,
    },
    "types": {
        "DownloadFileConfig": "files.download has no config",
        "DownloadFileConfigDict": "files.download has no config",
        "DownloadFileConfigOrDict": "files.download has no config",
        "GenerateVideosResponseDict": _OUTPUT,
        "GenerateVideosResponseOrDict": _OUTPUT,
        "GeneratedVideoDict": _OUTPUT,
        "GeneratedVideoOrDict": _OUTPUT,
        "ResourceScope": "the contract's names have no projects in them",
        "WebhookConfig": "a watch tells every change",
        "WebhookConfigDict": "as WebhookConfig",
        "WebhookConfigOrDict": "as WebhookConfig",
    },
    "types.GenerateVideosConfig": {"webhook_config": "see the type WebhookConfig"},
    "types.GenerateVideosOperation": {"from_api_response": _CAMEL_CASE},
    "types.HttpOptions": {"extra_body": "it would change the request behind the contract's back"},
    "types.Image": {"show": _NOTEBOOK},
    "types.Video": {"show": _NOTEBOOK},
}

_CALLS = (
    sdk_types.GenerateVideosConfig,
    sdk_types.GenerateVideosSource,
    sdk_types.GenerateVideosOperation,
    sdk_types.GetOperationConfig,
    sdk_types.DownloadFileConfig,
)
_CLIENT = longtake.Client("localhost:1")


def _kinds_of_video() -> dict[str, type]:
    """Return the SDK's types that a call about video takes or returns, by name."""
    found: dict[str, type] = {}

    def visit(kind: Any) -> None:
        if not isinstance(kind, type) or kind.__module__ != sdk_types.__name__:
            for part in typing.get_args(kind):
                visit(part)
        elif kind.__name__ not in found:
            found[kind.__name__] = kind
            for field in getattr(kind, "model_fields", {}).values():
                visit(field.annotation)

    for one in _CALLS:
        visit(one)
    return found


KINDS = _kinds_of_video()
SPELLINGS = ("{}", "{}Dict", "{}OrDict")


def _public(kind: object) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


def _parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters) - {"self"}


def _names_of_type(kind: type) -> set[str]:
    """Return the fields, the members and the methods of one of the SDK's types."""
    own = {name for name in vars(kind) if not name.startswith(("_", "model_"))}
    return own | set(getattr(kind, "model_fields", {}))


def _sdk_names() -> dict[str, set[str]]:
    spelt = {form.format(name) for name in KINDS for form in SPELLINGS}
    return {
        "Client()": _parameters(genai.Client),
        "Client": _public(genai.Client),
        "AsyncClient": _public(genai.client.AsyncClient),
        "models": _public(models.Models),
        "operations": _public(operations.Operations),
        "files": _public(files.Files),
        "generate_videos()": _parameters(models.Models.generate_videos),
        "operations.get()": _parameters(operations.Operations.get),
        "files.download()": _parameters(files.Files.download),
        "errors": {
            name
            for name, one in vars(sdk_errors).items()
            if isinstance(one, type)
            and issubclass(one, Exception)
            and one.__module__ == sdk_errors.__name__
        },
        "types": {name for name in spelt if hasattr(sdk_types, name)},
        **{
            f"types.{name}": _names_of_type(kind)
            for name, kind in KINDS.items()
            if hasattr(longtake.types, name)
        },
    }


def _own_names() -> dict[str, set[str]]:
    # A result is a video of a kind of its own, which has what is done with results.
    results = {"Video": longtake.types.StoredVideo}
    return {
        "Client()": _parameters(longtake.Client),
        "Client": _public(_CLIENT),
        "AsyncClient": _public(_CLIENT.aio),
        "models": _public(_CLIENT.models),
        "operations": _public(_CLIENT.operations),
        "files": _public(_CLIENT.files),
        "generate_videos()": _parameters(_CLIENT.models.generate_videos),
        "operations.get()": _parameters(_CLIENT.operations.get),
        "files.download()": _parameters(_CLIENT.files.download),
        "errors": set(longtake.errors.__all__),
        "types": set(longtake.types.__all__),
        **{
            f"types.{name}": _public(results.get(name, kind)) | _fields(kind)
            for name, kind in vars(longtake.types).items()
            if name in KINDS
        },
    }


def _fields(kind: Any) -> set[str]:
    if not dataclasses.is_dataclass(kind):
        return set()
    return {field.name for field in dataclasses.fields(kind)}


SDK, OWN = _sdk_names(), _own_names()


@pytest.mark.parametrize("place", SDK)
def test_what_is_missing_is_what_is_listed(place: str) -> None:
    assert SDK[place] - OWN[place] == set(MISSING.get(place, {}))


def test_every_list_is_of_a_place_that_is_compared() -> None:
    assert MISSING.keys() <= SDK.keys()


def test_the_types_of_video_are_found() -> None:
    assert {"Image", "Video", "HttpOptions", "VideoGenerationMaskMode"} <= KINDS.keys()


@pytest.mark.parametrize("name", ["Image", "Video"])
def test_an_input_is_made_by_the_same_names(name: str) -> None:
    made_with = _parameters(getattr(longtake.types, name))

    assert set(KINDS[name].model_fields) <= made_with  # type: ignore[attr-defined]  # Pydantic's
    assert {"location", "mime_type"} <= _parameters(getattr(longtake.types, name).from_file)
