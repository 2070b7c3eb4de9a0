# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The values of the client as dicts and as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from fakes.video_service import Call, video_service
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.money_pb2 import Money
from longtake.types import AsyncGenerateVideosOperation, GenerateVideosOperation, OperationMetadata
from pydantic import TypeAdapter
from stubs.stubs_messages import MODEL, NAME, failed, operation, sha256, succeeded
from stubs.stubs_values import VALUES

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]

METADATA = dict.fromkeys(OperationMetadata.__annotations__) | {
    "state": "QUEUED",
    "model": MODEL,
    "attempts": 0,
    "labels": {},
    "late_success": False,
    "cancel_requested": False,
    "warnings": [],
    "webhook": None,
    "webhook_metadata": {},
}


def _document(caller: MakeCaller, message: Any) -> dict[str, Any]:
    with video_service(Call("GenerateVideos", message)) as service:
        made: Any = caller(service.address).generate(model=MODEL, prompt="a dog")
    document: dict[str, Any] = made.to_dict()
    assert json.loads(made.to_json()) == document
    return document


def test_a_queued_operation(caller: MakeCaller) -> None:
    message = operation(revision=2)
    message.metadata.create_time.CopyFrom(Timestamp(seconds=1_778_051_289, nanos=500_000_000))
    message.metadata.estimated_cost.CopyFrom(Money(currency_code="USD", nanos=600_000_000))

    assert _document(caller, message) == {
        "name": NAME,
        "done": False,
        "error": None,
        "response": None,
        "metadata": METADATA
        | {
            "create_time": "2026-05-06T07:08:09.500000Z",
            "estimated_cost": {"currency_code": "USD", "amount": "0.600000000"},
        },
        "revision": 2,
    }


def test_an_operation_that_succeeded(caller: MakeCaller) -> None:
    assert _document(caller, succeeded(withheld=1))["response"] == {
        "generated_videos": [
            {
                "name": f"{NAME}/videos/0",
                "video": {
                    "mime_type": "video/mp4",
                    "size_bytes": 10240,
                    "sha256": sha256(),
                    "file_data": None,
                },
                "generation_seed": 7,
            }
        ],
        "rai_media_filtered_count": 1,
        "rai_media_filtered_reasons": ["The prompt names a person."],
    }


def test_an_operation_that_failed(caller: MakeCaller) -> None:
    error = _document(caller, failed())["error"]

    assert error.pop("details")[0]["reason"] == "UPSTREAM_FAILED"
    assert error == {
        "code": 13,
        "message": "The upstream failed.",
        "status": "INTERNAL",
        "reason": "UPSTREAM_FAILED",
        "metadata": {"upstream": "simulator"},
        "violations": [],
    }


def test_json_may_be_indented() -> None:
    assert VALUES["Violation"].to_json(indent=2).startswith('{\n  "field"')


@pytest.mark.parametrize("kind", [GenerateVideosOperation, AsyncGenerateVideosOperation])
def test_pydantic_writes_the_same_json(kind: type) -> None:
    value = VALUES[kind.__name__]

    assert json.loads(TypeAdapter(kind).dump_json(value)) == value.to_dict()


def test_the_repr_of_an_operation_is_its_name_and_state(caller: MakeCaller) -> None:
    with video_service(Call("GenerateVideos", failed())) as service:
        made = caller(service.address).generate(model=MODEL, prompt="a dog")

    assert repr(made).endswith(
        "GenerateVideosOperation('operations/0193', state='FAILED', revision=4, "
        "error='UPSTREAM_FAILED')"
    )


@pytest.mark.parametrize("secret", ["X-Goog-Signature=0011"])
def test_the_repr_of_a_file_has_no_signature(secret: str) -> None:
    kind = type(VALUES["FileData"])

    assert secret not in repr(kind(f"https://host/a.png?{secret}", "image/png"))
