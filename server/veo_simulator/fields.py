# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the fields of a JSON object and keeps a violation for each wrong one."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any

from veo_simulator.errors import Violation

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


_MOST_LABELS = 64
_LONGEST_LABEL = 63
_LETTERS = ("Ll", "Lo", "Lm")
_LABEL_CHARACTERS = (*_LETTERS, "Mn", "Mc", "Nd", "Nl", "No")


class Fields:
    """A JSON object of a request. Each field is read once.

    A wrong field reads as if it were absent, and adds a violation. A field that is never
    read counts as unknown.
    """

    def __init__(self, value: object, path: str, violations: list[Violation]) -> None:
        self.violations = violations
        self._path = path
        self._unread: dict[str, Any] = {}
        if isinstance(value, dict):
            self._unread = {name: given for name, given in value.items() if given is not None}
        elif value is not None:
            self.wrong("", "it is not an object")

    def wrong(self, name: str, description: str) -> None:
        """Add a violation of a field, or with an empty name of the object itself."""
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
        """Read one of several strings, in upper or lower case; return it in lower case."""
        value = self.text(name)
        if value is None or value.lower() in accepted:
            return value and value.lower()
        self.wrong(name, f"{value!r}; accepted are {', '.join(accepted)}")
        return None

    def number(self, name: str, accepted: Collection[int]) -> int | None:
        """Read one of several whole numbers, which may also be written 8.0 or "8"."""
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
        """Add a violation if a field is there."""
        if self._unread.pop(name, None) is not None:
            self.wrong(name, description)

    def labels(self, name: str) -> None:
        """Read labels: at most 64 strings by strings, as Google documents them.

        Keys and values have at most 63 lower-case or international letters, digits, `_`
        and `-`. A key begins with a letter; a value may be empty.
        """
        values = self._typed(name, dict, "an object") or {}
        if len(values) > _MOST_LABELS:
            self.wrong(name, f"there are {len(values)}; accepted are at most {_MOST_LABELS}")
        for key, value in values.items():
            if not _is_label(key) or unicodedata.category(key[0]) not in _LETTERS:
                self.wrong(name, f"Label key {key[:100]!r} violates format constraints.")
            if value != "" and not (isinstance(value, str) and _is_label(value)):
                self.wrong(name, f"Label value {str(value)[:100]!r} violates format constraints.")

    def ignore(self) -> None:
        """Count the rest of the fields as read."""
        self._unread.clear()

    def finish(self) -> None:
        """Add a violation for each unknown field."""
        for name in self._unread:
            self.wrong(name, "there is no such field")

    def _typed(self, name: str, kind: type, accepted: str) -> Any:
        value = self._unread.pop(name, None)
        if value is None or isinstance(value, kind):
            return value
        self.wrong(name, f"accepted is {accepted}")
        return None


def _is_label(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_LABEL and all(
        one in "_-" or unicodedata.category(one) in _LABEL_CHARACTERS for one in text
    )


def _worded(accepted: Collection[int]) -> str:
    if isinstance(accepted, range):
        return f"a whole number from {accepted[0]} to {accepted[-1]}"
    return ", ".join(map(str, accepted))
