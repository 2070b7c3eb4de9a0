# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Refuses arguments that are not UTF-8 before they reach protobuf, which takes only UTF-8."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from typer.core import TyperArgument, TyperOption

if TYPE_CHECKING:
    from collections.abc import Iterator

# The name of a local file may be any bytes.
_FILES = {
    *("image", "video", "last_frame", "reference", "mask"),
    *("api_key_file", "ca", "client_certificate", "client_key"),
}


def check_encoding(context: typer.Context) -> None:
    """Check that every text argument is UTF-8.

    Raises:
        BadParameter: One is not. The message names the argument and does not repeat its text.

    """
    for parameter in context.command.params:
        if isinstance(parameter, TyperArgument | TyperOption) and parameter.name:
            _check(context, parameter, _texts(parameter.name, context.params.get(parameter.name)))


def _check(
    context: typer.Context, parameter: TyperArgument | TyperOption, texts: Iterator[str]
) -> None:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError as error:
            message = f"it is not valid UTF-8 at character {error.start + 1}"
            raise typer.BadParameter(message, ctx=context, param=parameter) from error


def _texts(name: str, value: object) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str) and (name not in _FILES or "://" in one):
            yield one
