# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads settings from the environment and a TOML file, and words every fault for the operator.

A variable takes precedence over the file. No fault stops the search for others, and none
repeats a value: it may be a secret, or a secret in the wrong place.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Generic, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from longtake_server.configuration.values import Accepted
from longtake_server.configuration.words import own_words, syntax_fault
from longtake_server.errors import StartFailure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

PREFIX = "LONGTAKE_"
CLIENT_VARIABLES = frozenset(
    {
        "LONGTAKE_ADDRESS",
        "LONGTAKE_API_KEY",
        "LONGTAKE_CA",
        "LONGTAKE_CLIENT_CERTIFICATE",
        "LONGTAKE_CLIENT_KEY",
        "LONGTAKE_METADATA",
        "LONGTAKE_WEBHOOK_SECRET",
    }
)
"""Variables with the prefix that other programs of Longtake read. A server ignores them."""

# Kubernetes gives every pod variables for each service: of one named longtake-x these.
_SERVICE_LINK = re.compile(r"\w+_(?:SERVICE_HOST|SERVICE_PORT(?:_\w+)?)")
_SERVICE_PORT = re.compile(r"\w+_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?")
_PORT_URL = re.compile(r"(?:tcp|udp|sctp)://")
_EXAMPLE = 'listen = "127.0.0.1:50051"'

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Rule(Generic[ModelT]):
    """A rule about more than one setting.

    Attributes:
        reads: The settings that it reads. It is not checked while one of them is wrong.
        broken: Returns what is wrong, or None. Its second argument gives the name under
            which the operator knows a setting.
    """

    reads: tuple[str, ...]
    broken: Callable[[ModelT, Callable[[str], str]], str | None]


@dataclass(slots=True)
class _Found:
    """What was found in the sources.

    Attributes:
        values: The value of each setting that is given.
        names: Where it was given, in the operator's words.
        faults: What is wrong so far.
    """

    values: dict[str, object] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def name(self, setting: str) -> str:
        return self.names.get(setting, variable_of(setting))


class WrongSettings(StartFailure):
    """Settings are wrong.

    Attributes:
        faults: What is wrong and what is accepted, a line for each fault.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__("\n".join(faults))
        self.faults = tuple(faults)


def variable_of(setting: str) -> str:
    """Return the variable of a setting."""
    return PREFIX + setting.upper()


def load(
    model: type[ModelT],
    rules: Sequence[Rule[ModelT]],
    environment: Mapping[str, str],
    file: Path | None,
) -> ModelT:
    """Read and check the settings.

    Args:
        model: The settings: a field for each, with an `Accepted` in its annotation.
        rules: What must hold between them.
        environment: The variables. Those without the prefix are ignored.
        file: A TOML file, or None.

    Raises:
        WrongSettings: A value, a name or the file is wrong; holds every fault.

    """
    found = _Found()
    if file is not None:
        _read_file(file, model, found)
    _read_environment(environment, model, found)
    settings, wrong = _checked(model, found)
    for rule in rules:
        if not wrong & set(rule.reads) and (fault := rule.broken(settings, found.name)):
            found.faults.append(fault)
    if found.faults:
        raise WrongSettings(found.faults)
    return settings


def accepted_words(setting: FieldInfo) -> str:
    """Return what a setting accepts, in words."""
    annotated = (one.words for one in setting.metadata if isinstance(one, Accepted))
    return next(annotated, None) or next(_words(setting.annotation))


def _words(annotation: object) -> Iterator[str]:
    for one in getattr(annotation, "__metadata__", ()):
        if isinstance(one, Accepted):
            yield one.words
    if get_origin(annotation) is Literal:
        *others, last = map(str, get_args(annotation))
        yield f"{', '.join(others)} or {last}"
        return
    for argument in get_args(annotation):
        yield from _words(argument)


def _read_file(file: Path, model: type[BaseModel], found: _Found) -> None:
    try:
        text = file.read_text("utf-8")
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found.faults.append(syntax_fault(file, error, _EXAMPLE))
        return
    except UnicodeDecodeError:
        found.faults.append(f"{file}: the settings file is not UTF-8 text")
        return
    except FileNotFoundError:
        found.faults.append(f"{file}: the settings file does not exist")
        return
    except OSError as error:
        found.faults.append(f"{file}: the settings file cannot be read: {error.strerror}")
        return
    for key, value in table.items():
        name = f"{file}, line {_line(text, key)}: {key}"
        if key in model.model_fields:
            found.values[key], found.names[key] = value, name
        else:
            found.faults.append(f"{name} is not a setting{_suggestion(key, model, str)}")


def _line(text: str, key: str) -> int:
    """Return the number of the line that gives a key of the top level."""
    given = re.compile(rf"""\s*\[*\s*["']?{re.escape(key)}["']?\s*[=.\]]""")
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if given.match(line)), 1)


def _read_environment(
    environment: Mapping[str, str], model: type[BaseModel], found: _Found
) -> None:
    for variable, value in sorted(environment.items()):
        if not variable.upper().startswith(PREFIX) or variable in CLIENT_VARIABLES:
            continue
        setting = variable[len(PREFIX) :].lower()
        if setting in model.model_fields and variable == variable_of(setting):
            found.values[setting], found.names[setting] = value, variable
        elif not _is_service_link(variable, value):
            found.faults.append(
                f"{variable} is not a setting{_suggestion(variable, model, variable_of)}"
            )


def _is_service_link(variable: str, value: str) -> bool:
    if _SERVICE_LINK.fullmatch(variable) or variable.endswith(("_TCP_PROTO", "_UDP_PROTO")):
        return True
    numbered = re.search(r"_PORT_\d+_", variable) is not None
    return _SERVICE_PORT.fullmatch(variable) is not None and (
        numbered or _PORT_URL.match(value) is not None
    )


def _suggestion(name: str, model: type[BaseModel], written: Callable[[str], str]) -> str:
    wanted = name.lower().removeprefix(PREFIX.lower())
    longer = [one for one in model.model_fields if one.startswith(f"{wanted}_")]
    if near := get_close_matches(wanted, model.model_fields, n=1) or longer:
        return f"; did you mean {written(near[0])}?"
    return "; docs/operations.md lists the settings"


def _checked(model: type[ModelT], found: _Found) -> tuple[ModelT, set[str]]:
    """Return the settings, with defaults for what is wrong, and the names of that."""
    values = dict(found.values)
    wrong = {name for name, value in values.items() if _is_unfit(value, model.model_fields[name])}
    for name in wrong:
        found.faults.append(_unfit(name, model, found))
        del values[name]
    try:
        return model(**values), wrong
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
    for name in dict.fromkeys(str(fault["loc"][0]) for fault in faults):
        said = next(fault for fault in faults if fault["loc"][0] == name)
        found.faults.append(f"{found.name(name)}: {_said(said, model.model_fields[name])}")
        del values[name]
        wrong.add(name)
    return model(**values), wrong


def _is_unfit(value: object, setting: FieldInfo) -> bool:
    """Return whether a value is empty, or a truth value where a number is due."""
    if isinstance(value, str):
        return not value.strip()
    kinds = (setting.annotation, *get_args(setting.annotation))
    return isinstance(value, bool) and bool not in kinds


def _unfit(name: str, model: type[BaseModel], found: _Found) -> str:
    accepted = accepted_words(model.model_fields[name])
    if isinstance(found.values[name], bool):
        return f"{found.name(name)}: accepted is {accepted}"
    return f"{found.name(name)} is empty; remove it to use the default, or give {accepted}"


def _said(fault: ErrorDetails, setting: FieldInfo) -> str:
    return own_words(fault) or f"accepted is {accepted_words(setting)}"
