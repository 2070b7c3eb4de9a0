# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Keeps the files of the Gemini Developer API, which are deleted after two days."""

from __future__ import annotations

import json
import secrets
import string
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from veo_simulator.bucket import pad

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from veo_simulator.directives import Directives

KEPT_SECONDS = 48 * 3600
ADDRESS = "https://generativelanguage.googleapis.com/v1beta/files/"
_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12


@dataclass(frozen=True, slots=True)
class DeveloperFile:
    """A stored file.

    Attributes:
        path: The file with its bytes.
        size: The size in bytes.
        created: The time of creation, in seconds since 1970.
        active: Whether it can be used.
        redirects: Whether downloads are redirected to another address.
    """

    id: str
    path: Path
    size: int
    created: float
    active: bool
    redirects: bool


class DeveloperFiles:
    """All files. Methods block on files.

    Args:
        folder: The folder that contains them.
        now: Returns the time in seconds since 1970.
    """

    def __init__(self, folder: Path, now: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._now = now
        self._asked: dict[str, int] = {}

    def put(self, data: bytes, chosen: Directives) -> str:
        """Store a video and return its id. The prompt chooses its size and how it is downloaded."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = "".join(secrets.choice(_LETTERS) for _ in range(_ID_LENGTH))
        path = self._folder / f"{name}.mp4"
        asks = chosen.number("processing", "times", 1) if "processing" in chosen else 0
        kept = {"created": self._now(), "processing": asks, "redirects": "redirect" in chosen}
        try:
            path.write_bytes(data)
            pad(path, int(chosen.number("size", "bytes", 0)))
            path.with_suffix(".json").write_text(json.dumps(kept))
        except OSError:
            path.unlink(missing_ok=True)
            path.with_suffix(".json").unlink(missing_ok=True)
            raise
        return name

    def ask(self, name: str) -> DeveloperFile | None:
        """Return a file, or None. The first requests may find it inactive."""
        found = self._get(name)
        if found is not None:
            self._asked[name] = self._asked.get(name, 0) + 1
        return found

    def read(self, name: str) -> bytes | None:
        """Return the bytes of a file, or None."""
        found = self._get(name)
        return None if found is None else found.path.read_bytes()

    def _get(self, name: str) -> DeveloperFile | None:
        path = self._folder / f"{name}.mp4"
        if not set(name) <= set(_LETTERS):
            return None
        try:
            kept = json.loads(path.with_suffix(".json").read_text())
            size = path.stat().st_size
        except FileNotFoundError:
            return None
        if kept["created"] + KEPT_SECONDS <= self._now():
            path.with_suffix(".json").unlink(missing_ok=True)
            path.unlink(missing_ok=True)
            return None
        active = self._asked.get(name, 0) >= kept["processing"]
        return DeveloperFile(name, path, size, kept["created"], active, kept["redirects"])
