# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks what a request says of the webhook that gets its events."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from longtake_server.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from longtake.v1.video_service_pb2 import GenerateVideosRequest

WEBHOOK_ID = re.compile(r"[a-z][a-z0-9-]{0,62}")
"""The form of the id of a webhook."""
ACCEPTED_ID = "accepted are 1 to 63 lower-case letters, digits and hyphens, the first a letter"
"""That form in words."""

_PREFIX = "webhooks/"
_MOST_PAIRS = 16
_LONGEST_KEY = 64
_LONGEST_VALUE = 256
_MOST_BYTES = 4096
_METADATA = (
    f"accepted are at most {_MOST_PAIRS} pairs, with keys of 1 to {_LONGEST_KEY} characters and "
    f"values of at most {_LONGEST_VALUE}, of {_MOST_BYTES} bytes in all, without control characters"
)


def webhook_id(request: GenerateVideosRequest) -> str:
    """Return the id of the webhook that a request names by its id or name; empty for none."""
    return request.webhook.removeprefix(_PREFIX)


def webhook_violations(request: GenerateVideosRequest) -> Iterator[Violation]:
    """Yield a violation for each field about webhooks that is malformed."""
    if request.webhook and not WEBHOOK_ID.fullmatch(webhook_id(request)):
        yield Violation("webhook", f"{ACCEPTED_ID}; or webhooks/ and such an id")
    if not request.webhook_metadata:
        return
    if not request.webhook:
        yield Violation("webhook_metadata", "accepted only with webhook")
    if (fault := _metadata_fault(request.webhook_metadata)) is not None:
        yield Violation("webhook_metadata", f"{fault}; {_METADATA}")


def _metadata_fault(metadata: Mapping[str, str]) -> str | None:
    if len(metadata) > _MOST_PAIRS:
        return f"it has {len(metadata)} pairs"
    for key, value in sorted(metadata.items()):
        if not 1 <= len(key) <= _LONGEST_KEY:
            return f"a key has {len(key)} characters"
        if len(value) > _LONGEST_VALUE:
            return f"the value of {key!r} has {len(value)} characters"
        if any(unicodedata.category(one) == "Cc" for one in key + value):
            return f"the pair of {key!r} has a control character"
    total = sum(len(text.encode()) for pair in metadata.items() for text in pair)
    return f"it has {total} bytes" if total > _MOST_BYTES else None
