# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes instances of frozen dataclasses as fast as others."""

from __future__ import annotations

from dataclasses import field, fields, make_dataclass
from typing import Any, TypeVar

_T = TypeVar("_T")


def frozen_by_types(cls: type[_T]) -> type[_T]:
    """Let only the type checker prevent changes of a frozen dataclass, not the interpreter.

    The interpreter's check makes an instance take about eight times as long, and each operation
    has dozens of fields. Use it above `@dataclass(frozen=True)` for what each call makes.
    """
    checked: Any = cls
    plain: Any = make_dataclass(
        cls.__name__,
        [
            (
                each.name,
                each.type,
                field(default=each.default, default_factory=each.default_factory),
            )
            for each in fields(checked)
        ],
    )
    checked.__init__ = plain.__init__
    del checked.__setattr__, checked.__delattr__
    return cls
