# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Signs requests as Standard Webhooks 1.0 says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import standardwebhooks

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


def signed_headers(
    event_id: str, time: datetime, body: bytes, secrets: Iterable[bytes]
) -> dict[str, str]:
    """Return the headers that identify and sign a request.

    Args:
        event_id: The same for each attempt to deliver the event.
        time: When the request is sent, in UTC.
        body: The body.
        secrets: What signs it: two during a rotation, with one signature each.

    """
    text = body.decode()
    signatures = (standardwebhooks.Webhook(secret).sign(event_id, time, text) for secret in secrets)
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(int(time.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
