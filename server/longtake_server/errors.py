# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The errors of the server, one class for each cause, independent of the transport.

Each error for callers has a reason, which is the name of an ErrorReason without its prefix, and
metadata with the variable parts of its message. rpc/status.py maps each class to a status code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class LongtakeError(Exception):
    """An error that is reported to the caller.

    Attributes:
        reason: The machine-readable cause in upper snake case.
        metadata: The variable parts of the message.
    """

    reason: ClassVar[str]

    def __init__(self, message: str, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.metadata: dict[str, str] = dict(metadata or {})


@dataclass(frozen=True, slots=True)
class Violation:
    """A wrong field of a request.

    Attributes:
        field: The path of the field, for example `config.duration_seconds`.
        description: What is wrong and what is accepted.
    """

    field: str
    description: str


class InvalidRequest(LongtakeError):
    """Fields of the request are wrong. Holds all violations."""

    reason = "INVALID_FIELD"

    def __init__(self, violations: Sequence[Violation]) -> None:
        self.violations = tuple(violations)
        text = "; ".join(f"{one.field}: {one.description}" for one in self.violations)
        fields = ",".join(dict.fromkeys(one.field for one in self.violations))
        super().__init__(text, {"fields": fields})


class RequestIdReused(LongtakeError):
    """The request_id was used for a different request."""

    reason = "REQUEST_ID_REUSED"

    def __init__(self, request_id: str, operation: str) -> None:
        super().__init__(
            f"request_id {request_id} was used for a different request, which created {operation}; "
            "use a new UUID for each new request",
            {"request_id": request_id, "operation": operation},
        )


class ResourceError(LongtakeError):
    """A named resource is not available. Always raised as one of the subclasses."""

    def __init__(
        self, resource: str, message: str, metadata: Mapping[str, str] | None = None
    ) -> None:
        self.resource = resource
        super().__init__(message, {"resource": resource, **(metadata or {})})


class OperationNotFound(ResourceError):
    """The operation does not exist or belongs to another caller."""

    reason = "OPERATION_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} does not exist")


class OperationDeleted(ResourceError):
    """The operation was deleted by a caller."""

    reason = "OPERATION_DELETED"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} was deleted")


class OperationExpired(ResourceError):
    """The operation was removed at the end of its retention period."""

    reason = "OPERATION_EXPIRED"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} expired and was removed")


class VideoNotFound(ResourceError):
    """The operation has no video with this index."""

    reason = "VIDEO_NOT_FOUND"

    def __init__(self, name: str, count: int) -> None:
        accepted = f"indexes 0 to {count - 1}" if count else "no videos"
        super().__init__(
            name,
            f"{name} does not exist: the operation has {accepted}",
            {"videos": str(count)},
        )


class ModelNotFound(ResourceError):
    """The model does not exist."""

    reason = "MODEL_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} does not exist; call ListModels for the models that do")


class VideoNotReady(ResourceError):
    """The operation has not succeeded, so it has no videos."""

    reason = "VIDEO_NOT_READY"

    def __init__(self, name: str, state: str) -> None:
        super().__init__(
            name,
            f"{name} cannot be read: the operation is {state}, and only SUCCEEDED ones have videos",
            {"state": state},
        )


class VideoExpired(ResourceError):
    """The bytes of the video do not exist any more."""

    reason = "VIDEO_EXPIRED"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"the bytes of {name} do not exist any more")


class OffsetPastEnd(LongtakeError):
    """The offset of a download is outside the video."""

    reason = "OFFSET_PAST_END"

    def __init__(self, offset: int, size: int | None = None) -> None:
        if size is None:
            text = f"read_offset {offset} is negative: accepted are 0 to the size of the video"
            super().__init__(text, {"read_offset": str(offset)})
        else:
            super().__init__(
                f"read_offset {offset} is past the end: the video has {size} bytes, "
                f"accepted are 0 to {size}",
                {"read_offset": str(offset), "size_bytes": str(size)},
            )


class PositionError(LongtakeError):
    """A watch of all operations cannot resume after a position.

    Attributes:
        position: The position in the store. It counts the changes of all callers, so the metadata
            holds the caller's opaque token instead.
    """

    problem = ""

    def __init__(self, position: int, token: str = "") -> None:
        super().__init__(
            f"{self.problem}; watch again without it", {"position": token} if token else {}
        )
        self.position = position


class PositionExpired(PositionError):
    """Changes after the position are no longer kept."""

    reason = "POSITION_EXPIRED"
    problem = "changes after after_position are no longer kept"


class PositionAhead(PositionError):
    """The position is newer than the store, which was restored from a backup."""

    reason = "REVISION_AHEAD"
    problem = "after_position is newer than the store, which was restored from a backup"


class RevisionAhead(LongtakeError):
    """The revision is newer than the operation, whose store was restored from a backup."""

    reason = "REVISION_AHEAD"

    def __init__(self, given: int, newest: int) -> None:
        super().__init__(
            f"revision {given} is newer than the operation, which is at {newest}",
            {"revision": str(given), "newest": str(newest)},
        )


class RequestTooLarge(LongtakeError):
    """The request message is larger than the server accepts."""

    reason = "REQUEST_TOO_LARGE"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"the request message has {size} bytes, accepted are at most {limit}; "
            "send large media as file_data",
            {"size_bytes": str(size), "max_bytes": str(limit)},
        )


class TooManyRequestBytes(LongtakeError):
    """The requests in flight have reached the limit of the server in bytes.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "TOO_MANY_REQUEST_BYTES"

    def __init__(self, limit: int, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the requests in flight would exceed {limit} bytes, the server's limit for all of "
            "them; make the same call again later, or send large media as file_data",
            {"max_bytes": str(limit)},
        )


class VideoTooLarge(LongtakeError):
    """The videos do not fit into one message."""

    reason = "VIDEO_TOO_LARGE"

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"include_video_data: the videos have {size} bytes, accepted are at most {limit}; "
            "use DownloadVideo",
            {"size_bytes": str(size), "max_bytes": str(limit)},
        )


class TooManyWatches(LongtakeError):
    """The limit on watches of the server, or of the caller, is reached.

    Attributes:
        subject: The subject of the quota: all watches, or those of the caller.
    """

    reason = "TOO_MANY_WATCHES"

    def __init__(self, limit: int, *, of_caller: bool = False) -> None:
        self.subject = "watches of the caller" if of_caller else "watches"
        who, name = ("caller", "max_watches_per_caller") if of_caller else ("server", "max_watches")
        super().__init__(f"the {who} has {limit} watches, which is the limit", {name: str(limit)})


class ServerDraining(LongtakeError):
    """The server is shutting down. The same call succeeds after the restart.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "SERVER_DRAINING"

    def __init__(self, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__("the server is shutting down; make the same call again")


class ReaderTooSlow(LongtakeError):
    """The caller did not read from its stream for too long."""

    reason = "READER_TOO_SLOW"

    def __init__(self) -> None:
        super().__init__(
            "the stream was not read for too long; call again to resume after the last message"
        )


class StorageUnavailable(LongtakeError):
    """The store cannot be read or written. Nothing was changed."""

    reason = "STORAGE_UNAVAILABLE"

    def __init__(self, cause: str) -> None:
        super().__init__(f"the store is not available: {cause}", {"cause": cause})


class UpstreamUnavailable(LongtakeError):
    """The upstream cannot be reached, or is temporarily unavailable.

    Attributes:
        retry_after: The seconds that the upstream asked to wait, None if it did not.
    """

    reason = "UPSTREAM_UNAVAILABLE"

    def __init__(self, upstream: str, cause: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the upstream {upstream} is not available: {cause}",
            {"upstream": upstream, "cause": cause},
        )


class ModelRetired(LongtakeError):
    """The model is retired: its upstream no longer serves it."""

    reason = "MODEL_RETIRED"

    def __init__(self, model: str, retirement_date: str, replacement: str) -> None:
        super().__init__(
            f"model {model} was retired on {retirement_date}; use {replacement}",
            {"model": model, "retirement_date": retirement_date, "replacement": replacement},
        )


class NotSupported(LongtakeError):
    """A call to the standard operations service uses a feature that is not supported."""

    reason = "NOT_SUPPORTED"

    def __init__(self, field: str, description: str) -> None:
        super().__init__(f"{field}: {description}", {"field": field})


class BudgetError(LongtakeError):
    """A budget has no room for an operation. Always raised as one of the subclasses.

    Attributes:
        subject: Whose budget it is: `principal/{id}` or `label/{key}={value}`.
    """

    def __init__(self, subject: str, message: str, metadata: Mapping[str, str]) -> None:
        self.subject = subject
        super().__init__(message, {"budget": subject, **metadata})


class BudgetExceeded(BudgetError):
    """The operation would exceed what is left of a budget."""

    reason = "BUDGET_EXCEEDED"

    def __init__(
        self, subject: str, period: str, amounts: Mapping[str, int], resets_at: datetime
    ) -> None:
        """Take the amounts as they are named in the metadata, in the order of the message."""
        resets = resets_at.isoformat().replace("+00:00", "Z")
        numbers = {name: str(amount) for name, amount in amounts.items()}
        text = ", ".join(f"{name} {number}" for name, number in numbers.items())
        super().__init__(
            subject,
            f"the budget {subject} of the {period.lower()} has not enough left: {text}; it resets "
            f"at {resets}",
            {"period": period, "resets_at": resets, **numbers},
        )


class RequestOverBudget(BudgetError):
    """The operation alone exceeds a budget, so it never fits."""

    reason = "REQUEST_OVER_BUDGET"

    def __init__(self, subject: str, period: str, amounts: Mapping[str, int]) -> None:
        """Take the amounts as BudgetExceeded does."""
        numbers = {name: str(amount) for name, amount in amounts.items()}
        text = ", ".join(f"{name} {number}" for name, number in numbers.items())
        super().__init__(
            subject,
            f"the request alone exceeds the budget {subject} of the {period.lower()}: {text}; "
            "request less video, or a cheaper model or resolution",
            {"period": period, **numbers},
        )


class RateLimited(LongtakeError):
    """The principal started too many generations in a minute.

    Attributes:
        retry_after: The seconds until the next one is accepted.
    """

    reason = "RATE_LIMITED"

    def __init__(self, per_minute: int, retry_after: float) -> None:
        self.retry_after = retry_after
        super().__init__(
            f"the limit is {per_minute} generations per minute; try again in {retry_after:g} "
            "seconds",
            {"requests_per_minute": str(per_minute)},
        )


class TooManyQueued(LongtakeError):
    """The principal has too many queued operations.

    Attributes:
        subject: `principal/{id}`.
    """

    reason = "TOO_MANY_QUEUED"

    def __init__(self, subject: str, limit: int) -> None:
        self.subject = subject
        super().__init__(
            f"{subject} has {limit} queued operations, which is the limit; wait until one leaves "
            "the queue",
            {"max_queued": str(limit)},
        )


class PriceUnknown(LongtakeError):
    """The cost of an operation is limited, and its model has no known price."""

    reason = "PRICE_UNKNOWN"

    def __init__(self, model: str) -> None:
        super().__init__(
            f"a budget or max_cost limits the cost, and model {model}, or a model that may serve "
            "in its place, has no known price; use another model, or ask the operator to add the "
            "price",
            {"model": model},
        )


class CostOverMaximum(LongtakeError):
    """The generation could cost more than the request's max_cost."""

    reason = "COST_OVER_MAXIMUM"

    def __init__(self, max_micros: int, requested_micros: int) -> None:
        super().__init__(
            f"max_cost is {max_micros / 1e6:g} USD, and the generation could cost "
            f"{requested_micros / 1e6:g} USD",
            {"max_micros": str(max_micros), "requested_micros": str(requested_micros)},
        )


class NotAuthenticated(LongtakeError):
    """The call has no valid credential. Always raised as one of the subclasses."""


class CredentialMissing(NotAuthenticated):
    """The server expects a credential, and the call has none."""

    reason = "CREDENTIAL_MISSING"

    def __init__(self, accepted: str) -> None:
        super().__init__(f"the call has no credential; accepted is {accepted}")


class CredentialMalformed(NotAuthenticated):
    """The credential has no form that the server accepts."""

    reason = "CREDENTIAL_MALFORMED"

    def __init__(self, accepted: str) -> None:
        super().__init__(f"the credential is malformed; accepted is {accepted}")


class CredentialUnknown(NotAuthenticated):
    """The server does not know the credential, or it was not issued for this server."""

    reason = "CREDENTIAL_UNKNOWN"

    def __init__(self, why: str = "the server does not know the credential") -> None:
        super().__init__(why)


class CredentialRevoked(NotAuthenticated):
    """The credential was revoked."""

    reason = "CREDENTIAL_REVOKED"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"the API key {key_id} was revoked; use another one", {"key_id": key_id})


class CredentialExpired(NotAuthenticated):
    """The credential has expired."""

    reason = "CREDENTIAL_EXPIRED"

    def __init__(self, key_id: str = "") -> None:
        what = f"the API key {key_id}" if key_id else "the credential"
        metadata = {"key_id": key_id} if key_id else {}
        super().__init__(f"{what} has expired; call again with a new one", metadata)


class CredentialsDiffer(NotAuthenticated):
    """The call has two credentials that differ."""

    reason = "CREDENTIALS_DIFFER"

    def __init__(self) -> None:
        super().__init__(
            "authorization and x-goog-api-key have different credentials; send one of them"
        )


class RoleMissing(LongtakeError):
    """The principal lacks the role that the call requires."""

    reason = "ROLE_MISSING"

    def __init__(self, roles: Sequence[str]) -> None:
        super().__init__(
            f"the call requires the role {' or '.join(roles)}; ask the operator of this server",
            {"roles": ",".join(roles)},
        )


class AuthenticationUnavailable(LongtakeError):
    """Credentials cannot be verified for now.

    Attributes:
        retry_after: The seconds to wait before the call is repeated.
    """

    reason = "AUTHENTICATION_UNAVAILABLE"

    def __init__(self, cause: str, retry_after: float = 1.0) -> None:
        self.retry_after = retry_after
        super().__init__(f"the server cannot verify credentials: {cause}")


class StorageLost(Exception):
    """The database files were removed or replaced, so the server stops. The message is one line.

    Never reaches a caller; `longtake-server` prints it and exits with 1.
    """


class StartFailure(Exception):
    """The server cannot start. The message has one line for each fault, with what to do.

    Never reaches a caller; `longtake-server` prints it and exits with 1.
    """


class CertificateRefused(StartFailure):
    """The TLS files cannot be used. The message names the setting of the file that is wrong.

    At the start it ends the server. Later, the server keeps the certificate that it has.
    """


class CheckFailed(Exception):
    """A check of `longtake-server check-config --probe` failed. The message says what to do."""
