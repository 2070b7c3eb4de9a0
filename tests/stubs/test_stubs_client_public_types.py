# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Every public type of the client works with Python's generic tools: found by name, none listed."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from enum import Enum
from typing import Any, get_type_hints

import pytest
from longtake import AsyncClient, Client
from pydantic import TypeAdapter
from stubs.stubs_values import PUBLIC, VALUES

_LONGEST_REPR = 1000
_BOUND_TO_A_PROCESS = {"Client", "AsyncClient"}

every_type = pytest.mark.parametrize("name", PUBLIC)
# A dict is not hashable, and its repr is that of its values.
every_object = pytest.mark.parametrize(
    "name", [name for name in PUBLIC if not isinstance(VALUES.get(name), dict)]
)
# An alias has no annotations.
every_class = pytest.mark.parametrize(
    "name", [name for name, kind in PUBLIC.items() if isinstance(kind, type)]
)


def _value(name: str) -> Any:
    kind = PUBLIC[name]
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    return VALUES[name]


def _what_it_says(value: Any) -> Any:
    """Return what must survive: exceptions have no equality of their own."""
    if isinstance(value, BaseException):
        return type(value), value.args, vars(value)
    return value


def test_there_is_a_value_of_every_public_type() -> None:
    enumerations = {
        name for name, kind in PUBLIC.items() if isinstance(kind, type) and issubclass(kind, Enum)
    }

    assert set(VALUES) | enumerations == set(PUBLIC)


@pytest.mark.parametrize("name", [name for name in PUBLIC if name not in _BOUND_TO_A_PROCESS])
def test_it_can_be_pickled(name: str) -> None:
    value = _value(name)

    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        loaded = pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - our own bytes
        assert _what_it_says(loaded) == _what_it_says(value)


@pytest.mark.parametrize("name", sorted(_BOUND_TO_A_PROCESS))
def test_a_client_says_why_it_cannot_be_pickled(name: str) -> None:
    with pytest.raises(TypeError, match=f"^a {name} holds a connection .* in each process$"):
        pickle.dumps(_value(name))


@every_type
@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_it_can_be_copied(name: str, duplicate: Any) -> None:
    value = _value(name)

    assert _what_it_says(duplicate(value)) == _what_it_says(value)


@every_object
def test_it_can_be_hashed_where_it_can_be_compared(name: str) -> None:
    value = _value(name)

    assert hash(copy.copy(value)) == hash(value) or isinstance(value, BaseException)


@every_object
def test_its_repr_is_short(name: str) -> None:
    assert len(repr(_value(name))) <= _LONGEST_REPR


@every_class
def test_its_annotations_can_be_resolved(name: str) -> None:
    _resolve_annotations(PUBLIC[name])


@pytest.mark.parametrize("client", [Client, AsyncClient])
def test_the_annotations_of_its_calls_can_be_resolved(client: type) -> None:
    made = VALUES[client.__name__]

    for part in (made.models, made.operations, made.caller, made.usage):
        _resolve_annotations(type(part))


def _resolve_annotations(kind: type) -> None:
    get_type_hints(kind)
    for _, member in inspect.getmembers(kind):
        function = member.fget if isinstance(member, property) else member
        if inspect.isfunction(function) or inspect.ismethod(function):
            get_type_hints(function)


@every_type
def test_pydantic_accepts_it(name: str) -> None:
    value = _value(name)

    assert _what_it_says(TypeAdapter(PUBLIC[name]).validate_python(value)) == _what_it_says(value)


@pytest.mark.parametrize("name", [n for n in PUBLIC if dataclasses.is_dataclass(PUBLIC[n])])
def test_asdict_works_on_dataclasses(name: str) -> None:
    fields = {field.name for field in dataclasses.fields(PUBLIC[name])}

    assert set(dataclasses.asdict(_value(name))) == fields
