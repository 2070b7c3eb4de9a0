# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the Python client makes of errors, and what it repeats by itself."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest
from fakes.video_service import Call, video_service
from google.protobuf.any_pb2 import Any
from google.rpc import code_pb2
from google.rpc.status_pb2 import Status
from longtake import Client
from longtake.errors import ClientError, LongtakeError, ServerError, Violation
from stubs.stubs_messages import MODEL, NAME, error_info, invalid, operation, status, unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from stubs.stubs_callers import Caller

    MakeCaller = Callable[[str], Caller]


def test_a_request_id_is_set_and_stays_the_same_over_the_retries(caller: MakeCaller) -> None:
    with video_service(
        Call("GenerateVideos", unavailable()),
        Call("GenerateVideos", unavailable()),
        Call("GenerateVideos", operation()),
    ) as service:
        assert caller(service.address).generate(model=MODEL, prompt="a dog").name == NAME

        first, *others = [one.request_id for one in service.requests("GenerateVideos")]
        assert uuid.UUID(first).version == 4
        assert others == [first, first]


def test_each_call_has_a_request_id_of_its_own(caller: MakeCaller) -> None:
    with video_service(*[Call("GenerateVideos", operation())] * 2) as service:
        for _ in range(2):
            caller(service.address).generate(model=MODEL, prompt="a dog")

        first, second = (one.request_id for one in service.requests("GenerateVideos"))
        assert first != second


def test_a_request_id_that_is_given_is_kept(caller: MakeCaller) -> None:
    given = str(uuid.uuid4())
    with video_service(Call("GenerateVideos", operation())) as service:
        caller(service.address).generate(model=MODEL, prompt="a dog", request_id=given)

        assert service.requests("GenerateVideos")[0].request_id == given


def test_after_an_error_of_the_server_the_caller_is_told_how_to_pay_once(
    caller: MakeCaller,
) -> None:
    broken = status(code_pb2.INTERNAL, "A defect.", error_info("INTERNAL"))
    with video_service(Call("GenerateVideos", broken)) as service:
        with pytest.raises(ServerError) as caught:
            caller(service.address).generate(model=MODEL, prompt="a dog")

        request_id = service.requests("GenerateVideos")[0].request_id
        assert caught.value.__notes__ == [
            f"repeat the call with request_id='{request_id}': it starts no second generation"
        ]


def test_a_refusal_names_every_field_that_is_wrong(caller: MakeCaller) -> None:
    refusal = invalid(config__fps="24 is accepted.", config__seed="It needs a model with seeds.")
    with video_service(Call("GenerateVideos", refusal)) as service:
        with pytest.raises(ClientError) as caught:
            caller(service.address).generate(model=MODEL, prompt="a dog")

        error = caught.value
        assert (error.code, error.status, error.reason) == (
            400,
            "INVALID_ARGUMENT",
            "INVALID_FIELD",
        )
        assert error.violations == [
            Violation("config.fps", "24 is accepted."),
            Violation("config.seed", "It needs a model with seeds."),
        ]
        assert str(error) == (
            "INVALID_ARGUMENT: The request is wrong.; config.fps: 24 is accepted.; "
            "config.seed: It needs a model with seeds."
        )


def test_details_of_an_unknown_type_do_no_harm(caller: MakeCaller) -> None:
    unknown = Any(type_url="type.googleapis.com/of.the.Future", value=b"\x01")
    info = Any()
    info.Pack(error_info("MODEL_RETIRED", model="veo-001"))
    refusal = Status(code=code_pb2.FAILED_PRECONDITION, message="Gone.", details=[unknown, info])
    with video_service(Call("GenerateVideos", refusal)) as service:
        with pytest.raises(ClientError) as caught:
            caller(service.address).generate(model="veo-001", prompt="a dog")

        assert caught.value.reason == "MODEL_RETIRED"
        assert caught.value.metadata == {"model": "veo-001"}
        assert caught.value.details[0]["@type"] == "type.googleapis.com/of.the.Future"


@pytest.mark.parametrize(
    ("code", "kind", "http"),
    [
        (code_pb2.NOT_FOUND, ClientError, 404),
        (code_pb2.ALREADY_EXISTS, ClientError, 409),
        (code_pb2.PERMISSION_DENIED, ClientError, 403),
        (code_pb2.UNAUTHENTICATED, ClientError, 401),
        (code_pb2.RESOURCE_EXHAUSTED, ClientError, 429),
        (code_pb2.INTERNAL, ServerError, 500),
        (code_pb2.UNIMPLEMENTED, ServerError, 501),
        (code_pb2.DEADLINE_EXCEEDED, ServerError, 504),
    ],
    ids=lambda value: code_pb2.Code.Name(value) if isinstance(value, int) and value < 20 else "",
)
def test_a_code_tells_who_is_at_fault(
    code: code_pb2.Code, kind: type[LongtakeError], http: int
) -> None:
    with video_service(Call("GetOperation", status(code, "No."))) as service:
        with Client(service.address) as client, pytest.raises(kind) as caught:
            client.operations.get(NAME)

        assert caught.value.code == http
        assert str(caught.value) == f"{code_pb2.Code.Name(code)}: No."
