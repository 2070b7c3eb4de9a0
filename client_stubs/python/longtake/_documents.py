# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The client's values as JSON: the names of their attributes, and null for what is not known."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


class Documented:
    """A value that can be written as JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the value as a dict that `json.dumps` takes, without the bytes of media.

        The keys are the names of the attributes. Times are RFC 3339 in UTC, such as
        '2026-05-06T07:08:09Z', and amounts of money are strings. What is not known is None.
        """
        return {name: document_of(getattr(self, name)) for name in self._attribute_names()}

    def to_json(self, indent: int | None = None) -> str:
        """Return `to_dict` as JSON.

        Args:
            indent: The number of spaces per level. Default: everything on one line.

        """
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def _attribute_names(self) -> tuple[str, ...]:
        """Return the public fields of a dataclass; other classes override this."""
        known = fields(cast("DataclassInstance", self))
        return tuple(field.name for field in known if not field.name.startswith("_"))


def document_of(value: object) -> Any:
    """Return what `json.dumps` takes, for any value that the client returns. See `to_dict`."""
    match value:
        case Documented():
            return value.to_dict()
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case date():
            return value.isoformat()
        case Decimal():
            return str(value)
        case Mapping():
            return {key: document_of(one) for key, one in value.items()}
        case list() | tuple():
            return [document_of(one) for one in value]
    return value
