# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What the bodies of requests say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from longtake_server.upstream.request_body import RequestBody


def value_of(body: RequestBody) -> Any:
    """Return the JSON value of a body, whose length must be the announced one."""
    content = b"".join(body.pieces())
    assert len(content) == len(body)
    return json.loads(content)
