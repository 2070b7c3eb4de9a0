# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""How commands fail: the exit codes, and the one line that explains the failure."""

from __future__ import annotations

import re

from longtake.errors import ClientError, LongtakeError, OperationFailed, ServerError, VideoCorrupted

REFUSED = 2
FAILED = 3
WITHHELD = 4
SERVER_AT_FAULT = 5
READER_GONE = 141  # what a shell reports for a program that SIGPIPE ended


_CONFIG_FIELD = re.compile(r"\bconfig\.([a-z_]+)(?=: )")
_OPTIONS = {
    "duration_seconds": "--duration",
    "generate_audio": "--audio",
    "labels": "--label",
    "reference_images": "--reference",
}
_FIELD = re.compile(r"^max_cost(?=: )")
_NEW_KEY = "put another key into LONGTAKE_API_KEY, or its file into --api-key-file"
_REMEDIES = {
    "CREDENTIAL_MISSING": "put a key into LONGTAKE_API_KEY, or its file into --api-key-file",
    "CREDENTIAL_MALFORMED": _NEW_KEY,
    "CREDENTIAL_UNKNOWN": _NEW_KEY,
    "CREDENTIAL_REVOKED": _NEW_KEY,
    "CREDENTIAL_EXPIRED": _NEW_KEY,
    "BUDGET_EXCEEDED": "`longtake whoami` shows the budgets",
    "REQUEST_OVER_BUDGET": "`longtake whoami` shows the budgets",
}
# Typer passes on Pydantic's words.
_PYDANTIC = (
    (re.compile("Value error, "), ""),
    (re.compile("Input should be a valid integer.*"), "it is not a whole number"),
    (re.compile("Input should be a valid number.*"), "it is not a number"),
    (re.compile("Input should be a finite number"), "it is not a finite number"),
    (re.compile("Input should be greater than or equal to (\\S+)"), r"it is less than \1"),
)


class CommandFailure(Exception):
    """A command cannot do what it was asked to do.

    Attributes:
        exit_code: The exit code of the process.
    """

    def __init__(self, exit_code: int, message: str) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def exit_code_of(error: Exception) -> int:
    """Return the exit code for an error. A ValueError means that the client refused a value."""
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
    """Return the message, every violation, what to do and every note of an error in one line.

    Fields of the config are named as the options that set them.
    """
    text = f"{error.operation}: {error}" if isinstance(error, OperationFailed) else str(error)
    notes = list(getattr(error, "__notes__", ()))
    if isinstance(error, ClientError) and error.reason in _REMEDIES:
        notes.insert(0, _REMEDIES[error.reason])
    line = " ".join("; ".join([text, *notes]).split())
    return _FIELD.sub("--max-cost", _CONFIG_FIELD.sub(_option, line))


def usage_line(message: str) -> str:
    """Return the message of a wrong command line in one line."""
    for words, plain in _PYDANTIC:
        message = words.sub(plain, message)
    return " ".join(f"{message.rstrip('.')}; see --help".split())


def _option(field: re.Match[str]) -> str:
    """Return the option of `longtake generate` that sets a field of the config."""
    name = field[1]
    return _OPTIONS.get(name) or f"--{name.replace('_', '-')}"


def unreachable(error: ServerError, address: str) -> LongtakeError | CommandFailure:
    """Return the error, reworded if no server answered at the address."""
    if error.status != "UNAVAILABLE" or error.reason:
        return error
    failure = CommandFailure(
        SERVER_AT_FAULT,
        f"no Longtake server answers at {address} (set by --address or LONGTAKE_ADDRESS): "
        f"{error.message}",
    )
    if hint := _hint(error.message, is_secure=address.lower().startswith(("https:", "grpcs:"))):
        failure.add_note(hint)
    for note in getattr(error, "__notes__", ()):
        failure.add_note(note)
    return failure


def _hint(message: str, *, is_secure: bool) -> str | None:
    """Return what a failed handshake probably means. gRPC tells it in OpenSSL's words only."""
    if "CERTIFICATE_VERIFY_FAILED" in message:
        return "its certificate is not trusted: name its authority with --ca or LONGTAKE_CA"
    if "WRONG_VERSION_NUMBER" in message:
        return "it does not use TLS: give http:// instead"
    if "failed to connect" not in message or "Socket closed" not in message:
        return None
    if is_secure:
        return "if it asks for a certificate, give --client-certificate and --client-key"
    return "if it uses TLS, give https:// before the address"
