# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Lets Pydantic models have fields of the client's classes. Pydantic need not be installed."""

from __future__ import annotations

from typing import Any

from longtake._documents import Documented


class InstanceSchema:
    """Makes Pydantic accept instances of a class as they are, and nothing else."""

    __slots__ = ()

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: object) -> dict[str, Any]:
        # Pydantic's core schemas are plain dicts.
        schema: dict[str, Any] = {"type": "is-instance", "cls": cls}
        if issubclass(cls, Documented):
            schema["serialization"] = {
                "type": "function-plain",
                "function": cls.to_dict,
                "when_used": "json",
            }
        return schema
