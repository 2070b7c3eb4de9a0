# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads fields of a JSON object, and keeps a violation for each that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from veo_simulator.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


class Fields:
    """An object of the request, of which each field is read once.

    A field that is wrong reads as if it were absent; `violations` tells of it. Fields
    that nobody read are unknown ones.
    """

    def __init__(self, value: object, path: str, violations: list[Violation]) -> None:
        self.violations = violations
        self._path = path
        self._unread: dict[str, Any] = {}
        if isinstance(value, dict):
            self._unread = {name: given for name, given in value.items() if given is not None}
        elif value is not None:
            self.wrong("", "it is no object")

    def wrong(self, name: str, description: str) -> None:
        """Keep a violation of a field; '' is the object itself."""
        self.violations.append(Violation(self.path(name), description))

    def path(self, name: str) -> str:
        """Return the path of a field from the top of the request."""
        return ".".join(filter(None, (self._path, name)))

    def raw(self, name: str) -> Any:
        """Read a value of any kind."""
        return self._unread.pop(name, None)

    def text(self, name: str) -> str | None:
        """Read a string."""
        value: str | None = self._typed(name, str, "a string")
        return value

    def flag(self, name: str) -> bool | None:
        """Read a boolean."""
        value: bool | None = self._typed(name, bool, "true or false")
        return value

    def object(self, name: str) -> Fields | None:
        """Read an object."""
        value = self._unread.pop(name, None)
        return None if value is None else Fields(value, self.path(name), self.violations)

    def objects(self, name: str) -> list[Fields]:
        """Read a list of objects."""
        values = self._typed(name, list, "a list") or []
        return [
            Fields(value, f"{self.path(name)}[{index}]", self.violations)
            for index, value in enumerate(values)
        ]

    def choice(self, name: str, accepted: Sequence[str]) -> str | None:
        """Read a string out of some, in upper or lower case; return it in lower case."""
        value = self.text(name)
        if value is None or value.lower() in accepted:
            return value and value.lower()
        self.wrong(name, f"{value!r}; accepted are {', '.join(accepted)}")
        return None

    def number(self, name: str, accepted: Collection[int]) -> int | None:
        """Read a whole number out of some, also when it is written 8.0 or "8"."""
        value = self._unread.pop(name, None)
        if value is None:
            return None
        try:
            number = None if isinstance(value, bool) else int(float(value))
            if number is not None and number == float(value) and number in accepted:
                return number
        except (TypeError, ValueError, OverflowError):
            pass
        self.wrong(name, f"{value!r}; accepted is {_worded(accepted)}")
        return None

    def refuse(self, name: str, description: str) -> None:
        """Read a field that must not be there."""
        if self._unread.pop(name, None) is not None:
            self.wrong(name, description)

    def labels(self, name: str) -> None:
        """Read a mapping of strings to strings of at most 63 characters."""
        values = self._typed(name, dict, "an object") or {}
        texts = [text for pair in values.items() for text in pair]
        if not all(isinstance(text, str) and len(text) <= 63 for text in texts):
            self.wrong(name, "accepted are strings of at most 63 characters")

    def ignore(self) -> None:
        """Count the rest of the fields as read."""
        self._unread.clear()

    def finish(self) -> None:
        """Keep a violation for each field that is unknown."""
        for name in self._unread:
            self.wrong(name, "there is no such field")

    def _typed(self, name: str, kind: type, accepted: str) -> Any:
        value = self._unread.pop(name, None)
        if value is None or isinstance(value, kind):
            return value
        self.wrong(name, f"accepted is {accepted}")
        return None


def _worded(accepted: Collection[int]) -> str:
    if isinstance(accepted, range):
        return f"a whole number from {accepted[0]} to {accepted[-1]}"
    return ", ".join(map(str, accepted))
