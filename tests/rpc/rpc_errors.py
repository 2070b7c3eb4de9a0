# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""An instance of every domain error, with what its caller must see."""

from __future__ import annotations

from datetime import UTC, datetime

from longtake_server import errors

NAME = "operations/0193"
VIDEO = f"{NAME}/videos/0"
WEBHOOK = "webhooks/orders"
DELIVERY = f"{WEBHOOK}/deliveries/0193.4"
AMOUNTS = {"limit_micros": 9, "spent_micros": 4, "reserved_micros": 3, "requested_micros": 5}

# For each error: its code, its metadata, and its details other than ErrorInfo.
EXPECTED: list[tuple[errors.LongtakeError, str, dict[str, str], set[str]]] = [
    (errors.CredentialMissing("an API key"), "UNAUTHENTICATED", {}, set()),
    (errors.CredentialMalformed("an API key"), "UNAUTHENTICATED", {}, set()),
    (errors.CredentialUnknown(), "UNAUTHENTICATED", {}, set()),
    (errors.CredentialRevoked("0a1b"), "UNAUTHENTICATED", {"key_id": "0a1b"}, set()),
    (errors.CredentialExpired("0a1b"), "UNAUTHENTICATED", {"key_id": "0a1b"}, set()),
    (errors.CredentialsDiffer(), "UNAUTHENTICATED", {}, set()),
    (
        errors.RoleMissing(["admin", "generator"]),
        "PERMISSION_DENIED",
        {"roles": "admin,generator"},
        set(),
    ),
    (errors.AuthenticationUnavailable("a fault"), "UNAVAILABLE", {}, {"RetryInfo"}),
    (
        errors.InvalidRequest([errors.Violation("name", "accepted is operations/{id}")]),
        "INVALID_ARGUMENT",
        {"fields": "name"},
        {"BadRequest"},
    ),
    (
        errors.RequestIdReused("7c9e", NAME),
        "ALREADY_EXISTS",
        {"request_id": "7c9e", "operation": NAME},
        {"ResourceInfo"},
    ),
    (errors.OperationNotFound(NAME), "NOT_FOUND", {"resource": NAME}, {"ResourceInfo"}),
    (errors.OperationDeleted(NAME), "NOT_FOUND", {"resource": NAME}, {"ResourceInfo"}),
    (errors.OperationExpired(NAME), "NOT_FOUND", {"resource": NAME}, {"ResourceInfo"}),
    (
        errors.VideoNotFound(VIDEO, 0),
        "NOT_FOUND",
        {"resource": VIDEO, "videos": "0"},
        {"ResourceInfo"},
    ),
    (
        errors.ModelNotFound("models/none"),
        "NOT_FOUND",
        {"resource": "models/none"},
        {"ResourceInfo"},
    ),
    (
        errors.VideoNotReady(VIDEO, "RUNNING"),
        "FAILED_PRECONDITION",
        {"resource": VIDEO, "state": "RUNNING"},
        {"ResourceInfo", "PreconditionFailure"},
    ),
    (
        errors.VideoExpired(VIDEO),
        "FAILED_PRECONDITION",
        {"resource": VIDEO},
        {"ResourceInfo", "PreconditionFailure"},
    ),
    (
        errors.ModelRetired("veo-001", "2026-06-30", "veo-2"),
        "FAILED_PRECONDITION",
        {"model": "veo-001", "retirement_date": "2026-06-30", "replacement": "veo-2"},
        {"PreconditionFailure"},
    ),
    (
        errors.RevisionAhead(9, 3),
        "FAILED_PRECONDITION",
        {"revision": "9", "newest": "3"},
        {"PreconditionFailure"},
    ),
    (
        errors.OffsetPastEnd(9, 3),
        "OUT_OF_RANGE",
        {"read_offset": "9", "size_bytes": "3"},
        {"BadRequest"},
    ),
    (errors.OffsetPastEnd(-1), "OUT_OF_RANGE", {"read_offset": "-1"}, {"BadRequest"}),
    (errors.PositionExpired(7, "Ks"), "OUT_OF_RANGE", {"position": "Ks"}, {"BadRequest"}),
    (
        errors.PositionAhead(7, "Ks"),
        "FAILED_PRECONDITION",
        {"position": "Ks"},
        {"PreconditionFailure"},
    ),
    (
        errors.RequestTooLarge(9, 3),
        "RESOURCE_EXHAUSTED",
        {"size_bytes": "9", "max_bytes": "3"},
        set(),
    ),
    (
        errors.TooManyRequestBytes(9),
        "RESOURCE_EXHAUSTED",
        {"max_bytes": "9"},
        {"RetryInfo"},
    ),
    (
        errors.VideoTooLarge(9, 3),
        "RESOURCE_EXHAUSTED",
        {"size_bytes": "9", "max_bytes": "3"},
        set(),
    ),
    (
        errors.TooManyWatches(3),
        "RESOURCE_EXHAUSTED",
        {"max_watches": "3"},
        {"QuotaFailure"},
    ),
    (
        errors.BudgetExceeded("principal/ann", "DAY", AMOUNTS, datetime(2026, 11, 29, tzinfo=UTC)),
        "RESOURCE_EXHAUSTED",
        {
            "budget": "principal/ann",
            "period": "DAY",
            "limit_micros": "9",
            "spent_micros": "4",
            "reserved_micros": "3",
            "requested_micros": "5",
            "resets_at": "2026-11-29T00:00:00Z",
        },
        {"QuotaFailure"},
    ),
    (
        errors.RequestOverBudget("label/team=film", "WEEK", {"limit_milliseconds": 8000}),
        "RESOURCE_EXHAUSTED",
        {"budget": "label/team=film", "period": "WEEK", "limit_milliseconds": "8000"},
        {"QuotaFailure"},
    ),
    (
        errors.RateLimited(60, 0.25),
        "RESOURCE_EXHAUSTED",
        {"requests_per_minute": "60"},
        {"RetryInfo"},
    ),
    (
        errors.TooManyQueued("principal/ann", 5),
        "RESOURCE_EXHAUSTED",
        {"max_queued": "5"},
        {"QuotaFailure"},
    ),
    (errors.WebhookNotFound(WEBHOOK), "NOT_FOUND", {"resource": WEBHOOK}, {"ResourceInfo"}),
    (
        errors.WebhookDeliveryNotFound(DELIVERY),
        "NOT_FOUND",
        {"resource": DELIVERY},
        {"ResourceInfo"},
    ),
    (errors.WebhookExists(WEBHOOK), "ALREADY_EXISTS", {"resource": WEBHOOK}, {"ResourceInfo"}),
    (
        errors.WebhookDisabled(WEBHOOK, "GONE"),
        "FAILED_PRECONDITION",
        {"resource": WEBHOOK, "disable_reason": "GONE"},
        {"ResourceInfo", "PreconditionFailure"},
    ),
    (
        errors.WebhookFromFile(WEBHOOK),
        "FAILED_PRECONDITION",
        {"resource": WEBHOOK},
        {"ResourceInfo", "PreconditionFailure"},
    ),
    (errors.TooManyWebhooks(10), "RESOURCE_EXHAUSTED", {"max_webhooks": "10"}, set()),
    (
        errors.PriceUnknown("veo-001"),
        "FAILED_PRECONDITION",
        {"model": "veo-001"},
        {"PreconditionFailure"},
    ),
    (
        errors.PublicUrlMissing("LONGTAKE_PUBLIC_URL"),
        "FAILED_PRECONDITION",
        {"setting": "LONGTAKE_PUBLIC_URL"},
        {"PreconditionFailure"},
    ),
    (
        errors.CostOverMaximum(1_000_000, 3_200_000),
        "FAILED_PRECONDITION",
        {"max_micros": "1000000", "requested_micros": "3200000"},
        {"PreconditionFailure"},
    ),
    (errors.ServerDraining(), "UNAVAILABLE", {}, {"RetryInfo"}),
    (errors.ReaderTooSlow(), "UNAVAILABLE", {}, set()),
    (
        errors.StorageUnavailable("the disk is full"),
        "UNAVAILABLE",
        {"cause": "the disk is full"},
        {"RetryInfo"},
    ),
    (
        errors.OutcomeUnknown("the connection broke"),
        "UNAVAILABLE",
        {"cause": "the connection broke"},
        {"RetryInfo"},
    ),
    (
        errors.UpstreamUnavailable("agent_platform", "no route", 2.5),
        "UNAVAILABLE",
        {"upstream": "agent_platform", "cause": "no route"},
        {"RetryInfo"},
    ),
    (
        errors.UpstreamUnavailable("agent_platform", "no route"),
        "UNAVAILABLE",
        {"upstream": "agent_platform", "cause": "no route"},
        set(),
    ),
    (
        errors.NotSupported("return_partial_success", "a list here is always whole"),
        "UNIMPLEMENTED",
        {"field": "return_partial_success"},
        set(),
    ),
]
