# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Parses Google's errors: the JSON of google.rpc.Status, or another body. No I/O."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass

from google.protobuf import any_pb2, json_format
from google.rpc import error_details_pb2

from longtake_server.operations.model import Code

MESSAGE_LIMIT = 1000
_TEXT_LIMIT = 1 << 14
_DETAILS_LIMIT = 16
_LONGEST_RETRY_SECONDS = 86_400.0
_REMOVED = "[removed]"
_SECRETS = (
    (re.compile(r"(?i)\b(bearer\s+)[\w.~+/=-]+"), rf"\g<1>{_REMOVED}"),
    (re.compile(r"\bya29\.[\w.-]*"), _REMOVED),
    (re.compile(r"AIza[\w-]+"), _REMOVED),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]*"), _REMOVED),
    (re.compile(r"(?i)\b((?:api_?key|key|access_token)=)[^&\s\"'<>]+"), rf"\g<1>{_REMOVED}"),
)
_INVISIBLE_HTML = re.compile(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->")
_TAG = re.compile(r"<[!/a-zA-Z][^<>]*>")
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_DELAY = re.compile(r"(\d{1,12}(?:\.\d{1,9})?)s")
# Error codes of the Interactions API that are not canonical names in lower case.
_WORDS = {"invalid_request": "INVALID_ARGUMENT", "too_many_requests": "RESOURCE_EXHAUSTED"}
_DETAIL_TYPES = {
    f"type.googleapis.com/{message.DESCRIPTOR.full_name}": message
    for message in (
        error_details_pb2.ErrorInfo,
        error_details_pb2.RetryInfo,
        error_details_pb2.QuotaFailure,
        error_details_pb2.PreconditionFailure,
        error_details_pb2.BadRequest,
        error_details_pb2.RequestInfo,
        error_details_pb2.ResourceInfo,
        error_details_pb2.Help,
        error_details_pb2.LocalizedMessage,
    )
}


@dataclass(frozen=True, slots=True)
class GoogleError:
    """An error in Google's JSON.

    Attributes:
        status: The canonical name, for example `UNAVAILABLE`; may be empty.
        message: Google's message, without secrets; may be empty.
        details: google.rpc details, each a serialised google.protobuf.Any.
        retry_delay: Seconds of a RetryInfo.
    """

    status: str
    message: str
    details: tuple[bytes, ...] = ()
    retry_delay: float | None = None

    @property
    def code(self) -> Code | None:
        """The canonical code, or None if the status has none."""
        return Code.__members__.get(self.status)


def parse_error(body: bytes | bytearray) -> GoogleError | None:
    """Return the error in the body of an answer, or None if it is not Google's JSON."""
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(tree, list) and len(tree) == 1:
        tree = tree[0]
    error = tree.get("error") if isinstance(tree, dict) else None
    if not isinstance(error, dict) or not ({"code", "status", "message"} & error.keys()):
        return None
    status = error.get("status")
    details = error.get("details")
    return GoogleError(
        status=status if isinstance(status, str) else canonical_name(error.get("code")),
        message=readable(error.get("message")),
        details=pack_details(details),
        retry_delay=_retry_delay(details),
    )


def canonical_name(code: object) -> str:
    """Return the canonical name for a code that is a word, otherwise an empty text."""
    if not isinstance(code, str):
        return ""
    name = _WORDS.get(code.lower(), code.upper())
    return name if name in Code.__members__ else ""


def readable(text: object) -> str:
    """Return text of the upstream for display: one line, shortened, without secrets."""
    if not isinstance(text, str):
        return ""
    return _shortened(_redacted(_BLANK.sub(" ", text[:_TEXT_LIMIT]).strip()))


def readable_body(body: bytes | bytearray) -> str:
    """Return the text of a body that is not Google's JSON, without HTML tags."""
    text = body[:_TEXT_LIMIT].decode("utf-8", errors="replace")
    if "<" in text:
        text = html.unescape(_TAG.sub(" ", _INVISIBLE_HTML.sub(" ", text)))
    return readable(text)


def pack_details(details: object) -> tuple[bytes, ...]:
    """Return google.rpc details as serialised Any; details of unknown types are left out."""
    if not isinstance(details, list):
        return ()
    packed = (_packed(detail) for detail in details[:_DETAILS_LIMIT])
    return tuple(one for one in packed if one is not None)


def bounded_retry(seconds: float) -> float:
    """Limit a requested wait to the range from 0 seconds to a day."""
    return min(max(seconds, 0.0), _LONGEST_RETRY_SECONDS)


def _packed(detail: object) -> bytes | None:
    if not isinstance(detail, dict):
        return None
    kind = detail.get("@type")
    message_type = _DETAIL_TYPES.get(kind) if isinstance(kind, str) else None
    if message_type is None:
        return None
    fields = {key: _without_secrets(value) for key, value in detail.items() if key != "@type"}
    try:
        message = json_format.ParseDict(fields, message_type(), ignore_unknown_fields=True)
    except (json_format.ParseError, TypeError, ValueError, AttributeError, RecursionError):
        # ParseDict raises ParseError for some wrong shapes, and other errors for the rest.
        return None
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed.SerializeToString(deterministic=True)


def _without_secrets(value: object, depth: int = 0) -> object:
    if isinstance(value, str):
        return _shortened(_redacted(value[:_TEXT_LIMIT]))
    if depth > 8:
        return None
    if isinstance(value, list):
        return [_without_secrets(one, depth + 1) for one in value]
    if isinstance(value, dict):
        return {key: _without_secrets(one, depth + 1) for key, one in value.items()}
    return value


def _retry_delay(details: object) -> float | None:
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        match = _DELAY.fullmatch(delay) if isinstance(delay, str) else None
        if match:
            return bounded_retry(float(match[1]))
    return None


def _redacted(text: str) -> str:
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


def _shortened(text: str) -> str:
    # Keep both ends: Google's support codes are at the end of a message.
    if len(text) <= MESSAGE_LIMIT:
        return text
    half = MESSAGE_LIMIT // 2 - 3
    return f"{text[:half]} ... {text[-half:]}"
