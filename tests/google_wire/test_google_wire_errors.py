# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every domain error has an answer in Google's form, and no SDK repeats a final one."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.rpc import code_pb2
from longtake_server import errors
from longtake_server.http.google_wire.google_errors import FINAL, google_error
from rpc.rpc_errors import EXPECTED

# What google-genai, @google/genai and their Interactions client repeat a call after.
REPEATED = frozenset({408, 409, 429, *range(500, 600)})
# Another try may succeed after these: they end by themselves, or by what others do.
PASSING = (
    errors.AuthenticationUnavailable,
    errors.RateLimited,
    errors.ReaderTooSlow,
    errors.ServerDraining,
    errors.StorageUnavailable,
    errors.TooManyQueued,
    errors.TooManyRequestBytes,
    errors.TooManyWatches,
    errors.UpstreamUnavailable,
)
FINAL_KINDS = tuple(kind for kind, _ in FINAL)
ERRORS = [error for error, *_ in EXPECTED]
# No call of this wire creates a webhook.
ELSEWHERE = (errors.TooManyWebhooks, errors.WebhookExists)
NAMES = [type(error).__name__ for error in ERRORS]


def body_of(error: Exception) -> dict[str, Any]:
    answer = google_error(error)
    assert answer.media_type == "application/json"
    body: dict[str, Any] = json.loads(bytes(answer.body))
    assert body["error"]["code"] == answer.status_code
    return body["error"]  # type: ignore[no-any-return]


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_an_error_has_googles_form_with_our_reason_inside(error: errors.LongtakeError) -> None:
    body = body_of(error)

    assert body["message"] == str(error)
    info = next(one for one in body["details"] if one["@type"].endswith("ErrorInfo"))
    assert info["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (info["reason"], info["domain"]) == (error.reason, "longtake.dev")


@pytest.mark.parametrize(
    "error",
    [error for error in ERRORS if not isinstance(error, ELSEWHERE)],
    ids=lambda error: type(error).__name__,
)
def test_only_an_error_that_passes_is_repeated_by_an_sdk(error: errors.LongtakeError) -> None:
    passes = isinstance(error, PASSING) and not isinstance(error, FINAL_KINDS)

    assert (google_error(error).status_code in REPEATED) is passes


@pytest.mark.parametrize(
    ("error", "code"), [(error, code) for error, code, *_ in EXPECTED], ids=NAMES
)
def test_an_error_has_grpcs_code_unless_the_table_says_otherwise(
    error: errors.LongtakeError, code: str
) -> None:
    final = next((other for kind, other in FINAL if isinstance(error, kind)), None)

    assert body_of(error)["status"] == (code if final is None else code_pb2.Code.Name(final))


def test_violations_are_in_a_bad_request() -> None:
    error = errors.InvalidRequest([errors.Violation("parameters.seed", "accepted is a number")])

    assert {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"field": "parameters.seed", "description": "accepted is a number"}],
    } in body_of(error)["details"]


def test_an_error_that_says_when_to_try_again_says_it_in_a_header_too() -> None:
    assert google_error(errors.RateLimited(1, 1.5)).headers["retry-after"] == "2"
    assert "retry-after" not in google_error(errors.OperationNotFound("operations/a")).headers


def test_an_unexpected_error_shows_nothing_of_itself() -> None:
    body = body_of(KeyError("an-internal-path"))

    assert (body["code"], body["status"]) == (500, "INTERNAL")
    assert "an-internal-path" not in json.dumps(body)
