# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Derives from the answer to a probe what is misconfigured and what to do about it. No I/O.

A probe asks for a generation that does not exist. Google checks the credentials, the
project, the API and the permission first, so "not found" proves that all of them are right.
"""

from __future__ import annotations

import os
import socket
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from google.protobuf import any_pb2
from google.rpc import error_details_pb2

from longtake_server.errors import CheckFailed
from longtake_server.upstream.google_error import parse_error, readable_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake_server.upstream.faults import Answer
    from longtake_server.upstream.google_error import GoogleError

_ADVICE = {
    "SERVICE_DISABLED": "run gcloud services enable {service} --project {project}",
    "CONSUMER_INVALID": "correct LONGTAKE_GOOGLE_PROJECT: there is no such project, or these "
    "credentials may not use it",
    "USER_PROJECT_DENIED": "let these credentials use project {project}, or correct "
    "LONGTAKE_GOOGLE_PROJECT",
    "CONSUMER_SUSPENDED": "project {project} is suspended; contact Google Cloud support",
    "BILLING_DISABLED": "link project {project} to a billing account",
    "IAM_PERMISSION_DENIED": "{grant}",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "give the credentials the scope "
    "https://www.googleapis.com/auth/cloud-platform",
    "ACCESS_TOKEN_EXPIRED": "{renew}",
    "CREDENTIALS_MISSING": "{renew}",
    "API_KEY_INVALID": "correct {credential}",
    "API_KEY_SERVICE_BLOCKED": "add {service} to the APIs that the key of {credential} may call",
    "API_KEY_IP_ADDRESS_BLOCKED": "let the key of {credential} be used from this machine",
    "API_KEY_HTTP_REFERRER_BLOCKED": "let the key of {credential} be used without a web page",
}
# A 400 whose message has one of these words is about the configuration, not the generation.
_OF_THE_SET_UP = ("api key", "location", "region", "project", "model")


@dataclass(frozen=True, slots=True)
class SetUp:
    """The configuration of an upstream, as the advice needs it.

    Attributes:
        service: The API that must be enabled, for example `aiplatform.googleapis.com`.
        permission: The permission that the call needs, for example `aiplatform.endpoints.predict`.
        project: The Google Cloud project, or None.
        credential: The variable of the key or token, or None for application default
            credentials.
        base_url: The variable that changes the address.
    """

    service: str
    permission: str
    project: str | None
    credential: str | None
    base_url: str


class ProbeFaults:
    """Maps the outcome of a probe to ProbeAnswered or CheckFailed."""

    def __init__(self, set_up: SetUp) -> None:
        self._set_up = set_up

    def unsent(self, cause: str) -> Exception:
        """Return the error for a call that was not sent."""
        return CheckFailed(cause)

    def interrupted(self, error: Exception) -> Exception:
        """Return the error for a call that got no answer."""
        return CheckFailed(
            f"no answer ({_cause(error)}); check the network, HTTPS_PROXY and "
            f"{self._set_up.base_url}"
        )

    def refused(self, answer: Answer) -> Exception:
        """Return the error for an answer, which never has status 200: no such generation exists."""
        fault = verdict(answer, self._set_up)
        return ProbeAnswered() if fault is None else CheckFailed(fault)


class ProbeAnswered(Exception):
    """The answer proves that the upstream is configured correctly."""


def verdict(answer: Answer, set_up: SetUp) -> str | None:
    """Return what is wrong and what to do, or None if the upstream is usable."""
    error = parse_error(answer.body)
    if error is None:
        return _strange(answer, set_up)
    reason = _reason(error)
    if advice := _advice(reason, set_up):
        return f"{error.message or reason} ({reason}); {advice}"
    if answer.status == 401:
        return f"{_said(answer, error)}; {_renew(set_up)}"
    if answer.status == 403:
        return f"{_said(answer, error)}; {_grant(set_up)}"
    if answer.status == 429 or _is_unknown_generation(answer, error):
        return None
    if answer.status == 404:
        return (
            f"{_said(answer, error)}; the location does not serve the model to this project: "
            "correct LONGTAKE_GOOGLE_LOCATION or LONGTAKE_GOOGLE_PROJECT"
        )
    if answer.status >= 500:
        return f"{_said(answer, error)}; the upstream itself has a problem: try again later"
    return f"{_said(answer, error)}; correct what it names"


def _is_unknown_generation(answer: Answer, error: GoogleError) -> bool:
    message = error.message.lower()
    if answer.status in (404, 410):
        return "publisher model" not in message
    # The Interactions API calls an unknown id an invalid name.
    named_invalid = answer.status == 400 and error.status == "INVALID_ARGUMENT"
    return named_invalid and not any(word in message for word in _OF_THE_SET_UP)


def _advice(reason: str, set_up: SetUp) -> str | None:
    """Return what to do about a cause that Google names in an ErrorInfo."""
    words = _ADVICE.get(reason)
    return words and words.format(
        service=set_up.service,
        project=set_up.project or "PROJECT",
        credential=set_up.credential,
        grant=_grant(set_up),
        renew=_renew(set_up),
    )


def _grant(set_up: SetUp) -> str:
    if set_up.project is None:
        return f"check what the key of {set_up.credential} may call"
    return (
        f"grant the permission {set_up.permission}, which roles/aiplatform.user has, in project "
        f"{set_up.project}"
    )


def _renew(set_up: SetUp) -> str:
    if set_up.credential is not None:
        return f"{set_up.credential} is not accepted: replace it"
    return (
        "the credentials are not accepted: run gcloud auth application-default login, or replace "
        "the key that GOOGLE_APPLICATION_CREDENTIALS names"
    )


def _strange(answer: Answer, set_up: SetUp) -> str:
    text = readable_body(answer.body)[:200]
    said = f"HTTP {answer.status}" + (f": {text}" if text else "")
    return f"what answers is not Google's API ({said}); correct {set_up.base_url}"


def _said(answer: Answer, error: GoogleError) -> str:
    return error.message or f"HTTP {answer.status} without a message"


def _reason(error: GoogleError) -> str:
    return next(_reasons(error), "")


def _reasons(error: GoogleError) -> Iterator[str]:
    for detail in error.details:
        packed = any_pb2.Any.FromString(detail)
        info = error_details_pb2.ErrorInfo()
        if packed.Unpack(info):
            yield info.reason


def _cause(error: BaseException) -> str:
    """Return why a connection failed, in the operating system's words if there are any."""
    if isinstance(error, TimeoutError | httpx.TimeoutException):
        return "timeout"
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, ssl.SSLCertVerificationError):
            return f"the certificate is not trusted: {found.verify_message}"
        if isinstance(found, socket.gaierror):
            return "the host name has no address"
        if isinstance(found, OSError) and found.errno and found.errno > 0:
            return os.strerror(found.errno).lower()
        found = found.__cause__ or found.__context__
    if isinstance(error, httpx.ConnectError):
        return "connection refused"
    if isinstance(error, httpx.RemoteProtocolError):
        return "the connection was closed"
    return type(error).__name__
