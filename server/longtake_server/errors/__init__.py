# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of the server, one class for each cause, independent of the transport.

Each error for callers has a reason, which is the name of an ErrorReason without its prefix, and
metadata with the variable parts of its message. rpc/status.py maps each class to a status code.
"""

from __future__ import annotations

from longtake_server.errors.base import (
    LongtakeError,
)
from longtake_server.errors.budgets import (
    BudgetError,
    BudgetExceeded,
    CostOverMaximum,
    PriceUnknown,
    RateLimited,
    RequestOverBudget,
    TooManyQueued,
)
from longtake_server.errors.callers import (
    AuthenticationUnavailable,
    CredentialExpired,
    CredentialMalformed,
    CredentialMissing,
    CredentialRevoked,
    CredentialsDiffer,
    CredentialUnknown,
    NotAuthenticated,
    RoleMissing,
)
from longtake_server.errors.operator import (
    CertificateRefused,
    CheckFailed,
    StartFailure,
    StorageLost,
)
from longtake_server.errors.requests import (
    InvalidRequest,
    ModelRetired,
    NotSupported,
    OffsetPastEnd,
    PositionAhead,
    PositionError,
    PositionExpired,
    RequestIdReused,
    RequestTooLarge,
    RevisionAhead,
    VideoTooLarge,
    Violation,
)
from longtake_server.errors.resources import (
    ModelNotFound,
    OperationDeleted,
    OperationExpired,
    OperationNotFound,
    ResourceError,
    VideoExpired,
    VideoNotFound,
    VideoNotReady,
)
from longtake_server.errors.service import (
    OutcomeUnknown,
    PublicUrlMissing,
    ReaderTooSlow,
    ServerDraining,
    StorageUnavailable,
    TooManyRequestBytes,
    TooManyWatches,
    UpstreamUnavailable,
)
from longtake_server.errors.webhooks import (
    TooManyWebhooks,
    WebhookDeliveryNotFound,
    WebhookDisabled,
    WebhookExists,
    WebhookFromFile,
    WebhookNotFound,
)

__all__ = [
    "AuthenticationUnavailable",
    "BudgetError",
    "BudgetExceeded",
    "CertificateRefused",
    "CheckFailed",
    "CostOverMaximum",
    "CredentialExpired",
    "CredentialMalformed",
    "CredentialMissing",
    "CredentialRevoked",
    "CredentialUnknown",
    "CredentialsDiffer",
    "InvalidRequest",
    "LongtakeError",
    "ModelNotFound",
    "ModelRetired",
    "NotAuthenticated",
    "NotSupported",
    "OffsetPastEnd",
    "OperationDeleted",
    "OperationExpired",
    "OperationNotFound",
    "OutcomeUnknown",
    "PositionAhead",
    "PositionError",
    "PositionExpired",
    "PriceUnknown",
    "PublicUrlMissing",
    "RateLimited",
    "ReaderTooSlow",
    "RequestIdReused",
    "RequestOverBudget",
    "RequestTooLarge",
    "ResourceError",
    "RevisionAhead",
    "RoleMissing",
    "ServerDraining",
    "StartFailure",
    "StorageLost",
    "StorageUnavailable",
    "TooManyQueued",
    "TooManyRequestBytes",
    "TooManyWatches",
    "TooManyWebhooks",
    "UpstreamUnavailable",
    "VideoExpired",
    "VideoNotFound",
    "VideoNotReady",
    "VideoTooLarge",
    "Violation",
    "WebhookDeliveryNotFound",
    "WebhookDisabled",
    "WebhookExists",
    "WebhookFromFile",
    "WebhookNotFound",
]
