# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a fuzz target is, and what may come of one input: a status, or a finding."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from google.rpc import code_pb2
from longtake_server.errors import LongtakeError
from longtake_server.rpc.status import status_of
from longtake_server.telemetry.logs import JsonFormatter, TextFormatter

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

# gRPC libraries drop an answer with more.
_MOST_TRAILER_BYTES = 8 * 1024
_FORMATTERS = (JsonFormatter(), TextFormatter())


class Finding(Exception):
    """An input made the code do what it must never do."""


@dataclass(frozen=True, slots=True)
class Target:
    """Code that reads what strangers send.

    Attributes:
        name: The name of the target.
        share: Its share of the runs; the shares of all targets add up to 1.
        seeds: Valid inputs, from which others are made by mutation.
        opened: Given an empty folder, returns a function that tries one input and returns the
            name of its status. It raises an error for everything that is not a status.
    """

    name: str
    share: float
    seeds: Sequence[bytes]
    opened: Callable[[Path], AbstractContextManager[Callable[[bytes], str]]]


def outcome_of(call: Callable[[], object]) -> str:
    """Return the status of a call that may refuse its input.

    Raises:
        Finding: The error does not fit into a gRPC response.

    """
    try:
        call()
    except LongtakeError as error:
        return refusal(error)
    return "OK"


def refusal(error: LongtakeError) -> str:
    """Return the status of an error. Raises Finding as `outcome_of`."""
    status = status_of(error)
    size = len(quote(status.message)) + (status.ByteSize() + 2) // 3 * 4
    if size > _MOST_TRAILER_BYTES:
        raise Finding(f"the error has {size} bytes")
    return code_name(status.code)


def code_name(code: int) -> str:
    """Return the name of a status code."""
    name: str = code_pb2.Code.Name(code)
    return name


class OneLineLog(logging.Handler):
    """Formats each log record, and remembers one that takes more than a line."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.findings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Format the record in both styles."""
        for formatter in _FORMATTERS:
            line = formatter.format(record)
            if len(line.splitlines()) > 1:
                self.findings.append(line)

    def raise_findings(self) -> None:
        """Raise Finding if a record took more than one line."""
        if self.findings:
            raise Finding(f"log line: {self.findings[0]!r}")
