# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the directives in a prompt, which select the simulator's behaviour.

A directive is [sim:NAME] or [sim:NAME key=value key="several words"], anywhere in the prompt.
docs/simulator.md lists them; a test compares both.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from veo_simulator.errors import Violation, invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

# Faults of the submission. With the prefix poll-, they are faults of polls.
CALL_FAULTS = ("quota", "unavailable", "reject", "internal", "html", "garbage", "drop", "hang")
_CALL_OPTIONS = frozenset({"times", "retry"})

# Each directive and its options.
DIRECTIVES: Mapping[str, frozenset[str]] = {
    "latency": frozenset({"seconds"}),
    "never": frozenset(),
    "lost": frozenset(),
    "unset": frozenset(),
    "undone": frozenset({"times"}),
    "fail": frozenset({"message"}),
    "refuse": frozenset({"code"}),
    "filter": frozenset({"count", "code"}),
    "size": frozenset({"bytes"}),
    "cut": frozenset({"events", "times"}),
    "processing": frozenset({"times"}),
    "redirect": frozenset(),
    **dict.fromkeys(CALL_FAULTS, _CALL_OPTIONS),
    **dict.fromkeys((f"poll-{fault}" for fault in CALL_FAULTS), _CALL_OPTIONS),
}

_DIRECTIVE = re.compile(r"\[sim:([^\]\s]+)([^\]]*)\]")
_OPTION = re.compile(r'([a-z]+)=(?:"([^"]*)"|(\S+))')
_NUMBERS = frozenset({"times", "retry", "seconds", "count", "bytes", "events"})


@dataclass(frozen=True, slots=True)
class Directives:
    """The directives of a prompt.

    Attributes:
        prompt: The prompt without the directives.
        chosen: The options of each directive, by its name.
    """

    prompt: str
    chosen: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def __contains__(self, name: str) -> bool:
        return name in self.chosen

    def number(self, name: str, option: str, default: float) -> float:
        """Return an option that is a number."""
        return float(self.chosen.get(name, {}).get(option, default))

    def text(self, name: str, option: str, default: str) -> str:
        """Return an option."""
        return self.chosen.get(name, {}).get(option, default)


def parse(prompt: str, where: str = "instances[0].prompt") -> Directives:
    """Return the directives of a prompt.

    Args:
        prompt: The prompt.
        where: The path of the prompt in the request, for the error.

    Raises:
        GoogleError: A directive or an option is unknown, or an option must be a number.

    """
    chosen: dict[str, dict[str, str]] = {}
    wrong: list[str] = []
    for name, rest in _DIRECTIVE.findall(prompt):
        if name not in DIRECTIVES:
            accepted = ", ".join(DIRECTIVES)
            wrong.append(f"[sim:{name}] is unknown; accepted are {accepted}")
            continue
        options = {key: quoted or plain for key, quoted, plain in _OPTION.findall(rest)}
        wrong += _wrong_options(name, rest, options)
        chosen[name] = options
    if wrong:
        raise invalid(*(Violation(where, description) for description in wrong))
    return Directives(_DIRECTIVE.sub("", prompt).strip(), chosen)


def _wrong_options(name: str, rest: str, options: Mapping[str, str]) -> list[str]:
    known = DIRECTIVES[name]
    accepted = f"accepted for {name} are {', '.join(sorted(known)) or 'no options'}"
    wrong = [key for key in options if key not in known]
    if _OPTION.sub("", rest).strip() or wrong:
        return [f"[sim:{name}{rest}] cannot be read; {accepted}"]
    return [
        f"[sim:{name} {key}={value}]: accepted is a number, 0 or more"
        for key, value in options.items()
        if key in _NUMBERS and not re.fullmatch(r"\d+(\.\d+)?", value)
    ]
