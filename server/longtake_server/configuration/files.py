# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Reads the files that operators write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake_server.errors import StartFailure

if TYPE_CHECKING:
    from pathlib import Path


def text_of(file: Path, kind: str) -> str:
    """Return the text of a file. Blocks.

    Args:
        file: The file.
        kind: What it is, for messages: `budgets`, `identity`.

    Raises:
        StartFailure: It cannot be read, or is not UTF-8.

    """
    try:
        return file.read_text("utf-8")
    except UnicodeDecodeError:
        raise StartFailure(f"{file}: the {kind} file is not UTF-8 text") from None
    except OSError as error:
        raise StartFailure(f"{file}: the {kind} file cannot be read: {error.strerror}") from error
