# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A webhook that a request names cannot be used or created."""

from __future__ import annotations

from longtake_server.errors.base import LongtakeError
from longtake_server.errors.resources import ResourceError


class WebhookNotFound(ResourceError):
    """The webhook does not exist or belongs to another principal."""

    reason = "WEBHOOK_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} does not exist")


class WebhookDeliveryNotFound(ResourceError):
    """The webhook has no such delivery, or no longer."""

    reason = "WEBHOOK_DELIVERY_NOT_FOUND"

    def __init__(self, name: str) -> None:
        super().__init__(
            name, f"{name} does not exist; delivered ones are kept for 7 days, dead ones for 30"
        )


class WebhookExists(ResourceError):
    """The principal has a webhook of this id."""

    reason = "WEBHOOK_ALREADY_EXISTS"

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name} exists; choose another webhook_id, or update it")


class WebhookDisabled(ResourceError):
    """Nothing is sent to the webhook."""

    reason = "WEBHOOK_DISABLED"

    def __init__(self, name: str, disable_reason: str) -> None:
        super().__init__(
            name,
            f"{name} is disabled ({disable_reason}); enable it with UpdateWebhook first",
            {"disable_reason": disable_reason},
        )


class WebhookFromFile(ResourceError):
    """The webhook comes from the operator's file."""

    reason = "WEBHOOK_FROM_FILE"

    def __init__(self, name: str) -> None:
        super().__init__(
            name, f"{name} comes from the operator's file; only a change of the file changes it"
        )


class TooManyWebhooks(LongtakeError):
    """The principal has as many webhooks as the server allows."""

    reason = "TOO_MANY_WEBHOOKS"

    def __init__(self, most: int) -> None:
        super().__init__(
            f"there are {most} webhooks, which is the most; delete one first",
            {"max_webhooks": str(most)},
        )
