# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every public name of the Python client, with a value of each class, full of long texts."""

from __future__ import annotations

import inspect
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, cast

import longtake
from longtake import AsyncClient, Client, RetryPolicy, errors, types
from stubs.stubs_config import EVERY_FIELD

LONG = "a long text " * 10_000
NAME = "operations/0193"
_MOMENT = datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC)
_PRICE: types.Money = {"currency_code": "USD", "amount": Decimal("0.1")}
_FILE = types.FileData(f"gs://bucket/{LONG}.mp4", "video/mp4")
_IMAGE = types.Image(data=LONG.encode(), mime_type="image/png")
_VIOLATION = errors.Violation("config.fps", LONG)
_METADATA = cast(
    "types.OperationMetadata",
    dict.fromkeys(types.OperationMetadata.__annotations__)
    | {
        "state": "SUCCEEDED",
        "model": "veo-3.1-fast-generate-001",
        "create_time": _MOMENT,
        "progress_percent": 50,
        "attempts": 1,
        "labels": {"team": LONG},
        "billed_seconds": 4.0,
        "estimated_cost": _PRICE,
        "cancel_requested": False,
        "principal": LONG,
        "late_success": True,
        "warnings": [LONG],
        "webhook": LONG,
        "webhook_metadata": {LONG: LONG},
    },
)
_ERROR = types.OperationError(
    code=13,
    message=LONG,
    details=[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": LONG}],
    status="INTERNAL",
    reason="UPSTREAM_FAILED",
    metadata={"upstream": LONG},
    violations=(_VIOLATION,),
)
_DETAILS = errors.ErrorDetails(
    reason="INVALID_FIELD",
    metadata={"fields": LONG},
    violations=(_VIOLATION,),
    retry_after=1.5,
    raw=[{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": LONG}],
)
_OVER_BUDGET = errors.ErrorDetails(
    reason="BUDGET_EXCEEDED", metadata={"budget": LONG, "limit_micros": "5000000"}
)
_BUDGET = types.Budget(
    subject=LONG,
    period="DAY",
    period_key="2026-11-28",
    reset_time=_MOMENT,
    cost_limit=_PRICE,
    cost_spent=_PRICE,
    cost_reserved=_PRICE,
    seconds_limit=8.0,
    seconds_spent=4.0,
    seconds_reserved=0.0,
)

_CLIENT = Client("localhost:1")
_ASYNC_CLIENT = AsyncClient("localhost:1")


def _operation(kind: type, video: types.StoredVideo | types.AsyncStoredVideo, **more: Any) -> Any:
    generated = types.GeneratedVideo(f"{NAME}/videos/0", video, 7)
    response = types.GenerateVideosResponse([generated], 1, [LONG])
    return kind(
        name=NAME,
        done=True,
        error=_ERROR,
        response=response,
        metadata=_METADATA,
        revision=4,
        **more,
    )


_FACTS = types.stored_video.StoredVideoFacts(
    name=f"{NAME}/videos/0", mime_type="video/mp4", size_bytes=12, sha256="00" * 32
)
_STORED = types.StoredVideo(_FACTS, _CLIENT.operations._downloads)
_ASYNC_STORED = types.AsyncStoredVideo(_FACTS, _ASYNC_CLIENT.operations._downloads)

_CONFIG = types.GenerateVideosConfig(
    **{**EVERY_FIELD, "negative_prompt": LONG, "labels": {"team": LONG}, "resolution": LONG}
)
_SOURCE = types.GenerateVideosSource(prompt=LONG, image=_IMAGE)
_HTTP_OPTIONS = types.HttpOptions(base_url=LONG, headers={"team": LONG}, timeout=1500)
_GET_CONFIG = types.GetOperationConfig(http_options=_HTTP_OPTIONS)
_VIDEO = types.Video(file_data=_FILE)
_MASK = types.Mask(_IMAGE, "insert")
_REFERENCE_IMAGE = types.ReferenceImage(_IMAGE, "asset")

# One value for each public class; enumerations give theirs themselves.
VALUES: dict[str, Any] = {
    "APIError": errors.LongtakeError("UNAVAILABLE", LONG, _DETAILS),
    "AsyncClient": _ASYNC_CLIENT,
    "AsyncGenerateVideosOperation": _operation(
        types.AsyncGenerateVideosOperation, _ASYNC_STORED, _results=_ASYNC_CLIENT.operations
    ),
    "AsyncStoredVideo": _ASYNC_STORED,
    "Budget": _BUDGET,
    "BudgetExceeded": errors.BudgetExceeded("RESOURCE_EXHAUSTED", LONG, _OVER_BUDGET),
    "Caller": types.Caller(
        principal=LONG,
        roles=("GENERATOR",),
        labels={"team": LONG},
        key_id="1a2b3c4d5e6f",
        credential_expire_time=_MOMENT,
        budgets=(_BUDGET,) * 1000,
        time_zone="Asia/Tokyo",
        requests_per_minute=60,
        max_queued=None,
        queued=1,
        max_concurrent=2,
        concurrent=2,
    ),
    "Client": _CLIENT,
    "ClientClosed": errors.ClientClosed(),
    "ClientError": errors.ClientError("INVALID_ARGUMENT", LONG, _DETAILS),
    "CostOverMaximum": errors.CostOverMaximum("FAILED_PRECONDITION", LONG, _DETAILS),
    "ErrorDetails": _DETAILS,
    "FileData": _FILE,
    "GenerateVideosConfig": _CONFIG,
    "GenerateVideosConfigDict": {"duration": 4, "labels": {"team": LONG}},
    "GenerateVideosConfigOrDict": _CONFIG,
    "GenerateVideosOperation": _operation(
        types.GenerateVideosOperation, _STORED, _results=_CLIENT.operations
    ),
    "GenerateVideosOptions": {"priority": 1, "queue_timeout": 1.5},
    "GenerateVideosResponse": types.GenerateVideosResponse(
        [types.GeneratedVideo(NAME, _STORED)] * 1000, 1, [LONG]
    ),
    "GenerateVideosSource": _SOURCE,
    "GenerateVideosSourceDict": {"prompt": LONG, "image": _IMAGE},
    "GenerateVideosSourceOrDict": _SOURCE,
    "GeneratedVideo": types.GeneratedVideo(NAME, _STORED, 7),
    "GetOperationConfig": _GET_CONFIG,
    "GetOperationConfigDict": {"http_options": _HTTP_OPTIONS},
    "GetOperationConfigOrDict": _GET_CONFIG,
    "HttpOptions": _HTTP_OPTIONS,
    "HttpOptionsDict": {"timeout": 1500},
    "HttpOptionsOrDict": _HTTP_OPTIONS,
    "HttpRetryOptions": types.HttpRetryOptions(attempts=3),
    "HttpRetryOptionsDict": {"attempts": 3},
    "HttpRetryOptionsOrDict": types.HttpRetryOptions(attempts=3),
    "Image": _IMAGE,
    "ImageDict": {"image_bytes": LONG.encode()},
    "ImageOrDict": _IMAGE,
    "InitialSetComplete": types.InitialSetComplete("a"),
    "InitialSetRestarted": types.InitialSetRestarted(),
    "LongtakeError": errors.LongtakeError("UNAVAILABLE", LONG, _DETAILS),
    "Mask": _MASK,
    "Model": types.Model(
        name=f"models/{LONG}",
        model_id=LONG,
        display_name=LONG,
        upstream="simulator",
        stage="GENERALLY_AVAILABLE",
        retirement_date=date(2027, 1, 2),
        replacement=None,
        durations_seconds=(4, 6, 8),
        default_duration_seconds=8,
        resolutions=("720p",),
        aspect_ratios=("16:9",),
        fps=(24,),
        max_videos=4,
        supported_fields=(LONG,),
        prices=(types.ModelPrice("720p", True, _PRICE),),
    ),
    "ModelPrice": types.ModelPrice("720p", True, _PRICE),
    "Money": _PRICE,
    "Operation": _operation(types.Operation, _STORED),
    "OperationChanged": types.OperationChanged(_operation(types.Operation, _STORED), "a"),
    "OperationDeleted": types.OperationDeleted(NAME, "a"),
    "OperationError": _ERROR,
    "OperationEvent": types.OperationDeleted(NAME, "a"),
    "OperationFailed": errors.OperationFailed(NAME, _ERROR),
    "OperationMetadata": _METADATA,
    "PermissionDenied": errors.PermissionDenied("PERMISSION_DENIED", LONG, _DETAILS),
    "PriceUnknown": errors.PriceUnknown("FAILED_PRECONDITION", LONG, _DETAILS),
    "RateLimited": errors.RateLimited("RESOURCE_EXHAUSTED", LONG, _DETAILS),
    "ReferenceImage": _REFERENCE_IMAGE,
    "RequestOverBudget": errors.RequestOverBudget("RESOURCE_EXHAUSTED", LONG, _OVER_BUDGET),
    "RetryPolicy": RetryPolicy(attempts=3),
    "ServerError": errors.ServerError("INTERNAL", LONG, _DETAILS),
    "StoredVideo": _STORED,
    "TooManyQueued": errors.TooManyQueued("RESOURCE_EXHAUSTED", LONG, _DETAILS),
    "Unauthenticated": errors.Unauthenticated("UNAUTHENTICATED", LONG, _DETAILS),
    "Usage": types.Usage(
        day=date(2026, 11, 28),
        model=LONG,
        principal=LONG,
        label_value=None,
        accepted=3,
        succeeded=1,
        failed=1,
        cancelled=0,
        deleted=0,
        unpriced=0,
        billed_seconds=8.0,
        reserved_cost=_PRICE,
        settled_cost=_PRICE,
    ),
    "Video": _VIDEO,
    "VideoCorrupted": errors.VideoCorrupted(LONG),
    "VideoDict": {"uri": LONG},
    "VideoGenerationMask": _MASK,
    "VideoGenerationMaskDict": {"image": _IMAGE, "mask_mode": "insert"},
    "VideoGenerationMaskOrDict": _MASK,
    "VideoGenerationReferenceImage": _REFERENCE_IMAGE,
    "VideoGenerationReferenceImageDict": {"image": _IMAGE, "reference_type": "asset"},
    "VideoGenerationReferenceImageOrDict": _REFERENCE_IMAGE,
    "VideoOrDict": _VIDEO,
    "VideoUrl": types.VideoUrl(url=LONG, expire_time=_MOMENT),
    "Violation": _VIOLATION,
    "Webhook": types.Webhook(
        name=LONG,
        url=LONG,
        event_types=(LONG,),
        disabled=True,
        disable_reason="GONE",
        disable_time=_MOMENT,
        failing_since_time=_MOMENT,
        secret=LONG,
        previous_secret_expire_time=_MOMENT,
        principal=LONG,
        from_file=False,
        create_time=_MOMENT,
        update_time=_MOMENT,
    ),
    "WebhookDelivery": types.WebhookDelivery(
        name=LONG,
        event_type=LONG,
        operation=LONG,
        state="PENDING",
        attempts=1,
        create_time=_MOMENT,
        next_attempt_time=_MOMENT,
        last_attempt_time=_MOMENT,
        last_attempt_seconds=0.25,
        failure="STATUS",
        http_status=500,
        end_time=None,
        principal=LONG,
    ),
}

PUBLIC: dict[str, Any] = {
    name: getattr(module, name)
    for module in (longtake, types, errors)
    for name in module.__all__
    if not inspect.ismodule(getattr(module, name))
}
