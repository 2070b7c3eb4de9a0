# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How commands fail: exit codes and the one line that tells why."""

from __future__ import annotations

from longtake.errors import LongtakeError, OperationFailed, ServerError, VideoCorrupted

REFUSED = 2
FAILED = 3
WITHHELD = 4
SERVER_AT_FAULT = 5
INTERRUPTED = 130


class CommandFailure(Exception):
    """A command cannot do what it was asked for.

    Attributes:
        exit_code: What the process ends with.
    """

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code_of(error: Exception) -> int:
    """Return what the process ends with. A ValueError is a wrong value that the client told."""
    match error:
        case CommandFailure():
            return error.exit_code
        case OperationFailed():
            return FAILED
        case ServerError() | VideoCorrupted():
            return SERVER_AT_FAULT
        case _:
            return REFUSED


def line_of(error: Exception) -> str:
    """Return one line that has the message, every violation and every note."""
    text = f"{error.operation}: {error}" if isinstance(error, OperationFailed) else str(error)
    return " ".join("; ".join([text, *getattr(error, "__notes__", ())]).split())


def unreachable(error: ServerError, address: str) -> LongtakeError | CommandFailure:
    """Return the error, put in plain words where no server answered."""
    if error.status != "UNAVAILABLE" or error.reason:
        return error
    failure = CommandFailure(
        SERVER_AT_FAULT,
        f"no Longtake server answers at {address} (set by --address or LONGTAKE_ADDRESS): "
        f"{error.message}",
    )
    for note in getattr(error, "__notes__", ()):
        failure.add_note(note)
    return failure
