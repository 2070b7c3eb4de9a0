# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Makes secrets that look like real ones, and finds them in whatever a server leaves behind."""

from __future__ import annotations

import base64
import json
import secrets
import string
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_LETTERS = string.ascii_letters + string.digits


def _word(length: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(length))


def _jwt() -> str:
    head = base64.urlsafe_b64encode(json.dumps({"alg": "RS256", "kid": _word(8)}).encode())
    body = base64.urlsafe_b64encode(json.dumps({"sub": _word(20)}).encode())
    return b".".join((head, body)).decode().replace("=", "") + "." + _word(60)


_KINDS: Mapping[str, Callable[[], str]] = {
    "ours": lambda: f"ltk_{_word(12)}_{_word(38)}",
    "jwt": _jwt,
    "google": lambda: f"AIzaSy{_word(33)}",
    "token": lambda: f"ya29.{_word(60)}",
    "webhook": lambda: base64.b64encode(_word(24).encode()).decode(),
    "password": lambda: _word(24),
    "prompt": lambda: f"a confidential {_word(24)} on a table",
}


@dataclass
class Planted:
    """The secrets that were planted, by the place where each was."""

    places: dict[str, str] = field(default_factory=dict)

    def keep(self, place: str, secret: str) -> str:
        """Return a secret that another part made, and keep it for a place."""
        assert place not in self.places
        self.places[place] = secret
        return secret

    def plant(self, place: str, kind: str = "password") -> str:
        """Return a new secret for a place."""
        return self.keep(place, _KINDS[kind]())

    def found_in(self, text: str | bytes, *, but_not: tuple[str, ...] = ()) -> list[str]:
        """Return the places whose secrets a text holds, also in base64 or percent-encoded.

        Args:
            text: What a server left behind.
            but_not: Beginnings of places that are not looked for.
        """
        content = text.encode() if isinstance(text, str) else text
        return [
            place
            for place, secret in self.places.items()
            if not place.startswith(but_not) and any(form in content for form in _forms(secret))
        ]


def _forms(secret: str) -> set[bytes]:
    plain = secret.encode()
    return {plain, quote(secret).encode(), base64.b64encode(plain)[:-4]}
