# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client's values as JSON: the names of their attributes, and null for what is not known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from longtake.types import StoredVideo

_VIDEO_ATTRIBUTES = ("mime_type", "size_bytes", "sha256", "file_data")


def document_of(value: object) -> Any:
    """Return what json.dumps takes. Times are RFC 3339 in UTC, amounts of money are strings."""
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case StoredVideo():
            return {name: document_of(getattr(value, name)) for name in _VIDEO_ATTRIBUTES}
        case Mapping():
            return {key: document_of(one) for key, one in value.items()}
        case list() | tuple():
            return [document_of(one) for one in value]
    if is_dataclass(value):
        names = [field.name for field in fields(value) if not field.name.startswith("_")]
        return {name: document_of(getattr(value, name)) for name in names}
    return value
