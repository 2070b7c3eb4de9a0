# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The code in the documents."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def snippets(document: Path, language: str) -> list[str]:
    """Return the fenced blocks of a language in order, without their indentation."""
    found = re.findall(
        rf"^( *)```{language}\n(.*?)^ *```$", document.read_text(), re.MULTILINE | re.DOTALL
    )
    return [textwrap.dedent(block) for _, block in found]
