# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Checks the value of one field of a request.

Every check raises ValueError with the path of the field and what is accepted. Messages never
repeat text of the caller, which may be a prompt; they name its type instead.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from decimal import Decimal
from difflib import get_close_matches
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeVar, cast

from longtake._wording import shortened

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Kind = TypeVar("Kind")

# What the contract's int32 fields hold. Never part of a message: no model takes most of it.
INT32 = range(-(1 << 31), 1 << 31)


def instance(value: object, kind: type[Kind], field: str, accepted: str) -> Kind:
    """Return a value that is of a class.

    Raises:
        ValueError: It is of another class.

    """
    if isinstance(value, kind):
        return value
    raise refusal(value, field, accepted)


def text(value: object, field: str, accepted: str = "a string") -> str:
    """Return a string that can be sent.

    Raises:
        ValueError: It is not a string, or has a lone surrogate, which UTF-8 cannot encode.

    """
    value = instance(value, str, field, accepted)
    position = None
    try:
        value.encode()
    except UnicodeEncodeError as error:
        position = error.start
    # Raised here, so that the error does not carry the text as its context.
    if position is not None:
        raise ValueError(
            f"{field}: not valid Unicode at position {position} (half of a surrogate pair)"
        )
    return value


def whole_number(value: Any, field: str, accepted: str, allowed: range = INT32) -> int:
    """Return an integer, also from other types that have `__index__`, such as NumPy's.

    Raises:
        ValueError: It is a truth value, not whole, or out of range.

    """
    if not isinstance(value, bool):
        try:
            number = operator.index(value)
        except TypeError:
            pass
        else:
            if number in allowed:
                return number
    raise refusal(value, field, accepted)


def truth_value(value: Any, field: str) -> bool:
    """Return a bool, also from a NumPy one.

    Raises:
        ValueError: It is something else. Numbers are not truth values.

    """
    of_numpy = getattr(getattr(value, "dtype", None), "kind", None) == "b" and value.shape == ()
    if isinstance(value, bool) or of_numpy:
        return bool(value)
    raise refusal(value, field, "True or False")


def known_keys(value: Mapping[Any, Any], known: Sequence[str], field: str) -> dict[str, Any]:
    """Return a mapping as a dict whose keys are all known.

    Raises:
        ValueError: A key is not known; the message has the nearest one.

    """
    for key in value:
        if key not in known:
            hint = nearest(key, known) or f"accepted are {', '.join(known)}"
            raise ValueError(f"{field}: there is no field {shortened(str(key))}; {hint}")
    return dict(value)


def dataclass_of(kind: type[Kind], value: object, field: str, accepted: str) -> Kind:
    """Return a value that is of a dataclass, or make one of a dict.

    Raises:
        ValueError: It is something else, or the dict is wrong.

    """
    if isinstance(value, kind):
        return value
    if not isinstance(value, Mapping):
        raise refusal(value, field, accepted)
    known = {one.name: one for one in fields(cast("type[DataclassInstance]", kind))}
    given = known_keys(value, tuple(known), field)
    for name, one in known.items():
        if one.default is MISSING and one.default_factory is MISSING and name not in given:
            raise ValueError(f"{field}.{name}: it is missing")
    try:
        return kind(**given)
    except ValueError as error:
        raise ValueError(f"{field}.{error}") from None


def refusal(value: object, field: str, accepted: str) -> ValueError:
    """Return the error for a value that is not accepted. Only a number is repeated."""
    shown = str(value) if isinstance(value, Real | Decimal) else type(value).__name__
    return ValueError(f"{field}: {shown} is not accepted; it is {accepted}")


def nearest(name: object, known: Iterable[str]) -> str:
    """Return `did you mean '...'?` for a misspelt name, or '' where no known one is near."""
    near = get_close_matches(str(name), list(known), 1)
    return f"did you mean {near[0]!r}?" if near else ""


def unexpected_keyword(function: str, name: str, known: Iterable[str], hint: str = "") -> TypeError:
    """Return the error for a keyword argument that a function does not have."""
    hint = hint or nearest(name, known)
    told = f"{function}() got an unexpected keyword argument {shortened(name)}"
    return TypeError(f"{told}; {hint}" if hint else told)


def texts(value: object, path: str) -> dict[str, str]:
    """Return a mapping from strings to strings.

    Raises:
        ValueError: It is none, or a string in it cannot be encoded; names its key.

    """
    if not isinstance(value, Mapping):
        raise refusal(value, path, "a dict of strings")
    found = {}
    for index, (key, one) in enumerate(value.items()):
        name = text(key, f"{path} (key {index})")
        found[name] = text(one, f"{path}[{shortened(name)}]")
    return found
