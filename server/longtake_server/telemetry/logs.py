# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Formats log lines, and adds what the running task is about to each."""

from __future__ import annotations

import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from opentelemetry import trace

from longtake_server.telemetry.traces import NO_TRACE, ids_of

if TYPE_CHECKING:
    from longtake_server.telemetry.traces import TraceContext

ACCESS_LOG = "longtake_server.access"
"""The logger of lines that name the subject themselves."""

_STANDARD_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Subject(Protocol):
    """What a task is about: a call, or a step of an operation."""

    operation: str

    def log_fields(self) -> dict[str, str]:
        """Return the fields that identify it in a log line."""


subject: ContextVar[Subject] = ContextVar("subject")
"""What the running task is about. Tasks that it starts inherit it."""


class StepSubject:
    """A step of an operation.

    Attributes:
        operation: The name of the operation.
        trace: The trace that the operation belongs to, once its record is read.
    """

    __slots__ = ("operation", "trace")

    def __init__(self, operation: str) -> None:
        self.operation = operation
        self.trace = NO_TRACE

    def log_fields(self) -> dict[str, str]:
        """See Subject.log_fields."""
        return {
            "operation": self.operation,
            **(ids_of(trace.get_current_span()) or self.trace.ids()),
        }


def note_trace(kept: TraceContext) -> None:
    """Set the trace of the operation that the running step is about."""
    if isinstance(step := subject.get(None), StepSubject):
        step.trace = kept


class _AddSubject(logging.Filter):
    """Adds the fields of the running task's subject to each record that lacks them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add the fields. Drops no record."""
        known = subject.get(None)
        if known is not None and record.name != ACCESS_LOG:
            fields = vars(record)
            for key, value in known.log_fields().items():
                fields.setdefault(key, value)
        return True


class JsonFormatter(logging.Formatter):
    """Formats a log record as one line of JSON, with the fields of `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(
            (key, value) for key, value in vars(record).items() if key not in _STANDARD_FIELDS
        )
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """Formats a log record as a line of text, with the fields of `extra`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._second = (0, "")

    def formatTime(  # noqa: N802 - the library's name
        self, record: logging.LogRecord, datefmt: str | None = None
    ) -> str:
        """Return the local time. Most lines share their second with the line before."""
        second, text = self._second
        if second != int(record.created):
            second, text = int(record.created), super().formatTime(record, "%Y-%m-%d %H:%M:%S")
            self._second = (second, text)
        return f"{text},{int(record.msecs):03d}"

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = " ".join(
            f"{key}={_printable(str(value))}"
            for key, value in vars(record).items()
            if key not in _STANDARD_FIELDS
        )
        return f"{super().format(record)} {fields}".rstrip()


def _printable(text: str) -> str:
    """Escape what could end the line or control a terminal, so that nobody can forge a line."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else character.encode("unicode_escape").decode()
        for character in text
    )


def set_up_logging(level: str, style: str) -> None:
    """Send logs to standard error, in the style `text` or `json`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if style == "json" else TextFormatter())
    handler.addFilter(_AddSubject())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Spans record each request to the upstream; httpx would log its URL too.
    logging.getLogger("httpx").setLevel(logging.WARNING)
