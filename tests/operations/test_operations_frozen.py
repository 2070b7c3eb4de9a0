# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Values that only the type checker freezes behave as other frozen dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from longtake_server.frozen import frozen_by_types


@frozen_by_types
@dataclass(frozen=True, slots=True)
class _Value:
    number: int
    text: str = "default"
    names: list[str] = field(default_factory=list, compare=False)


def test_fields_have_their_defaults() -> None:
    one, other = _Value(1), _Value(2, names=["given"])
    assert (one.number, one.text, one.names) == (1, "default", [])
    assert other.names == ["given"]
    assert one.names is not _Value(1).names


def test_equal_values_are_one_key() -> None:
    assert _Value(1) == _Value(1) != _Value(2)
    assert {_Value(1), _Value(1), _Value(2)} == {_Value(1), _Value(2)}


def test_a_replaced_field_changes_only_the_copy() -> None:
    first = _Value(1)
    assert replace(first, text="other") == _Value(1, "other")
    assert first == _Value(1)
