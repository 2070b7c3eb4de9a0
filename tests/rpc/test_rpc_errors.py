# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every domain error reaches the caller with its code, reason and details."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

import grpc
import pytest
from google.rpc import code_pb2
from longtake.v1.error_reason_pb2 import ErrorReason
from longtake.v1.video_service_pb2 import GetOperationRequest, WatchOperationRequest
from longtake_server import errors
from longtake_server.rpc.status import CODES, status_of
from rpc.rpc_errors import DELIVERY, EXPECTED, NAME, VIDEO, WEBHOOK
from rpc.rpc_server import refused, serving

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator
    from pathlib import Path

    from longtake_server.operations.model import OperationRecord

PRIVATE = "an-internal-path"


class Failing:
    """Use cases that raise an error; a watch raises it in the middle of its stream."""

    def __init__(self, error: Exception, record: OperationRecord | None = None) -> None:
        self._error = error
        self._record = record

    async def get(self, name: str, caller: str) -> OperationRecord:
        raise self._error

    async def watch(
        self, name: str, caller: str, after_revision: int, heartbeat_seconds: float
    ) -> AsyncGenerator[OperationRecord]:
        return self._watched()

    async def _watched(self) -> AsyncGenerator[OperationRecord]:
        assert self._record is not None
        yield self._record
        raise self._error


def failing(error: Exception, record: OperationRecord | None = None) -> Any:
    return Failing(error, record)


def classes(of: type[errors.LongtakeError]) -> Iterator[type[errors.LongtakeError]]:
    """Return the errors that are raised: those with a reason, and those without subclasses."""
    below = of.__subclasses__()
    if not below or "reason" in vars(of):
        yield of
    for kind in below:
        yield from classes(kind)


RAISED = sorted(classes(errors.LongtakeError), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", RAISED)
def test_each_error_has_one_row_in_the_table(kind: type[errors.LongtakeError]) -> None:
    assert [row for row, _ in CODES].count(kind) == 1


def test_no_row_hides_a_later_one() -> None:
    kinds = [kind for kind, _ in CODES]
    for index, kind in enumerate(kinds):
        assert not any(issubclass(later, kind) for later in kinds[index + 1 :])


@pytest.mark.parametrize("kind", RAISED)
def test_each_error_has_a_reason_of_the_contract(kind: type[errors.LongtakeError]) -> None:
    assert f"ERROR_REASON_{kind.reason}" in ErrorReason.DESCRIPTOR.values_by_name


def test_no_two_errors_have_the_same_reason() -> None:
    # A position is a revision of the whole store, and a lost answer is a fault of the store like
    # any other to a caller, so each shares the reason of another error.
    shared = (errors.PositionAhead, errors.OutcomeUnknown)
    kinds = [kind for kind in RAISED if kind not in shared]
    assert len({kind.reason for kind in kinds}) == len(kinds)


def test_each_error_is_expected_here() -> None:
    assert {type(error) for error, *_ in EXPECTED} == set(RAISED)


@pytest.mark.parametrize(
    ("error", "code", "metadata", "details"),
    EXPECTED,
    ids=[type(error).__name__ for error, *_ in EXPECTED],
)
async def test_an_error_reaches_the_caller_whole(
    tmp_path: Path,
    error: errors.LongtakeError,
    code: str,
    metadata: dict[str, str],
    details: set[str],
) -> None:
    async with serving(tmp_path, service=failing(error)) as server:
        fault = await refused(server.videos.GetOperation(GetOperationRequest(name=NAME)))
    assert fault.code.name == code
    assert fault.message == str(error)
    assert fault.reason == error.reason
    assert fault.metadata == metadata
    assert fault.details.keys() - {"ErrorInfo"} == details


@pytest.mark.parametrize(
    ("error", "kind", "name"),
    [
        (errors.OperationNotFound(NAME), "longtake.dev/Operation", NAME),
        (errors.VideoNotFound(VIDEO, 2), "longtake.dev/Video", VIDEO),
        (errors.ModelNotFound("models/none"), "longtake.dev/Model", "models/none"),
        (errors.RequestIdReused("7c9e", NAME), "longtake.dev/Operation", NAME),
        (errors.WebhookNotFound(WEBHOOK), "longtake.dev/Webhook", WEBHOOK),
        (errors.WebhookDeliveryNotFound(DELIVERY), "longtake.dev/WebhookDelivery", DELIVERY),
    ],
)
async def test_the_resource_of_an_error_is_named(
    tmp_path: Path, error: errors.LongtakeError, kind: str, name: str
) -> None:
    async with serving(tmp_path, service=failing(error)) as server:
        fault = await refused(server.videos.GetOperation(GetOperationRequest(name=NAME)))
    resource = fault.details["ResourceInfo"]
    assert (resource.resource_type, resource.resource_name) == (kind, name)


@pytest.mark.parametrize(
    ("error", "kind", "subject"),
    [
        (errors.VideoNotReady(VIDEO, "RUNNING"), "VIDEO_NOT_READY", VIDEO),
        (errors.VideoExpired(VIDEO), "VIDEO_EXPIRED", VIDEO),
        (errors.ModelRetired("veo-001", "2026-06-30", "v"), "MODEL_RETIRED", "models/veo-001"),
        (errors.PriceUnknown("veo-001"), "PRICE_UNKNOWN", "models/veo-001"),
        (errors.CostOverMaximum(1, 2), "COST_OVER_MAXIMUM", "max_cost"),
        (
            errors.PublicUrlMissing("LONGTAKE_PUBLIC_URL"),
            "PUBLIC_URL_MISSING",
            "LONGTAKE_PUBLIC_URL",
        ),
        (errors.RevisionAhead(9, 3), "REVISION_AHEAD", "revision"),
        (errors.PositionAhead(9, "Ks"), "REVISION_AHEAD", "position"),
    ],
)
async def test_a_failed_precondition_says_which(
    tmp_path: Path, error: errors.LongtakeError, kind: str, subject: str
) -> None:
    async with serving(tmp_path, service=failing(error)) as server:
        fault = await refused(server.videos.GetOperation(GetOperationRequest(name=NAME)))
    [violation] = fault.details["PreconditionFailure"].violations
    assert (violation.type, violation.subject) == (kind, subject)
    assert violation.description == str(error)


@pytest.mark.parametrize(
    ("micros", "dollars"),
    [(0, "0"), (1, "0.000001"), (3_190_000, "3.19"), (100_000_000, "100"),
     (1_234_567_890_123, "1234567.890123")],
)  # fmt: skip
def test_a_cost_over_the_maximum_is_told_with_all_digits(micros: int, dollars: str) -> None:
    told = str(errors.CostOverMaximum(micros, 3_200_000))
    assert told == f"max_cost is {dollars} USD, and the generation could cost 3.2 USD"


async def test_the_upstreams_own_delay_is_passed_on(tmp_path: Path) -> None:
    error = errors.UpstreamUnavailable("agent_platform", "no route", 2.5)
    async with serving(tmp_path, service=failing(error)) as server:
        fault = await refused(server.videos.GetOperation(GetOperationRequest(name=NAME)))
    assert fault.details["RetryInfo"].retry_delay.ToMilliseconds() == 2500


def test_a_new_error_without_a_row_is_internal_and_not_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Forgotten(errors.LongtakeError):
        reason = "FORGOTTEN"

    status = status_of(Forgotten("nobody gave it a row"))
    assert status.code == code_pb2.INTERNAL
    assert "nobody gave it a row" not in str(status)
    assert "nobody gave it a row" in caplog.text


def error_ids(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return the ids of the unexpected errors in the log, each with its cause."""
    return [
        cast("str", vars(record)["error_id"])
        for record in caplog.records
        if record.exc_info and PRIVATE in str(record.exc_info[1])
    ]


async def test_an_unexpected_error_is_told_by_an_id_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path, service=failing(KeyError(PRIVATE))) as server:
        fault = await refused(server.videos.GetOperation(GetOperationRequest(name=NAME)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert [fault.details["RequestInfo"].request_id] == error_ids(caplog)
    assert PRIVATE not in str(fault)
    assert "KeyError" not in str(fault)


async def test_an_unexpected_error_amid_a_stream_is_told_by_an_id_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with serving(tmp_path) as real:
        record = await real.parts.store.get(await real.accepted())
    service = failing(KeyError(PRIVATE), record)
    async with serving(tmp_path, service=service) as server:
        stream = server.videos.WatchOperation(WatchOperationRequest(name=record.name))
        messages = aiter(stream)
        assert (await anext(messages)).operation.name == record.name
        fault = await refused(messages)
    assert (fault.code, fault.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
    assert [fault.details["RequestInfo"].request_id] == error_ids(caplog)
    assert PRIVATE not in str(fault)


async def test_the_access_log_names_the_code(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "longtake_server.access")
    async with serving(tmp_path) as server:
        await server.videos.GetOperation(GetOperationRequest(name=await server.accepted()))
        await refused(server.videos.GetOperation(GetOperationRequest(name=NAME)))
        await refused(aiter(server.videos.WatchOperation(WatchOperationRequest(name=NAME))))
    calls = [vars(record) for record in caplog.records if record.name == "longtake_server.access"]
    assert [(call["method"].rpartition("/")[2], call["code"]) for call in calls[-3:]] == [
        ("GetOperation", "OK"),
        ("GetOperation", "NOT_FOUND"),
        ("WatchOperation", "NOT_FOUND"),
    ]


async def test_a_known_error_amid_a_stream_reaches_the_caller_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as real:
        record = await real.parts.store.get(await real.accepted())
    service = failing(errors.OperationDeleted(record.name), record)
    async with serving(tmp_path, service=service) as server:
        fault = await refused(server.videos.WatchOperation(WatchOperationRequest(name=record.name)))
    assert (fault.code, fault.reason) == (grpc.StatusCode.NOT_FOUND, "OPERATION_DELETED")
    assert fault.metadata == {"resource": record.name}
