# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What google-genai's `http_options` mean for a client and for a call. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from longtake._access import metadata_of
from longtake._durations import call_timeout
from longtake._fields import dataclass_of, text, whole_number
from longtake.types import GetOperationConfig, HttpOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from longtake.types import GetOperationConfigDict

# They describe HTTP's own messages, and gRPC sets its own.
_OF_HTTP = frozenset(
    {
        "accept", "accept-encoding", "connection", "content-encoding", "content-length",
        "content-type", "host", "te", "transfer-encoding", "user-agent",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class CallOptions:
    """What one call has of its own.

    Attributes:
        timeout: Its deadline in seconds, or None for that of the client.
        metadata: What it carries beside the metadata of the client.
    """

    timeout: float | None = None
    metadata: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ClientOptions(CallOptions):
    """What a client has of its `http_options`.

    Attributes:
        base_url: The address of the server, or None.
    """

    base_url: str | None = None


def client_options(http_options: object) -> ClientOptions:
    """Return what the `http_options` of a client mean. None means nothing.

    Raises:
        ValueError: A value is wrong; the message names it.

    """
    options = _of(http_options, "http_options")
    base_url = options.base_url
    if base_url is not None:
        text(base_url, "http_options.base_url")
    call = _call(options, "http_options")
    return ClientOptions(call.timeout, call.metadata, base_url)


def call_options(http_options: object, field: str) -> CallOptions:
    """Return what the `http_options` of a call mean. None means nothing.

    Raises:
        ValueError: A value is wrong, or is one for a client only; the message names it.

    """
    options = _of(http_options, field)
    if options.base_url is not None:
        raise ValueError(
            f"{field}.base_url: a call cannot go to another server; give it to the client"
        )
    return _call(options, field)


def get_options(config: GetOperationConfig | GetOperationConfigDict | None) -> CallOptions:
    """Return what the config of `operations.get` means. None means nothing.

    Raises:
        ValueError: A value is wrong; the message names it.

    """
    if config is None:
        return CallOptions()
    made = dataclass_of(GetOperationConfig, config, "config", "a GetOperationConfig or a dict")
    return call_options(made.http_options, "config.http_options")


def _of(http_options: object, field: str) -> HttpOptions:
    if http_options is None:
        return HttpOptions()
    return dataclass_of(HttpOptions, http_options, field, "HttpOptions or a dict")


def _call(options: HttpOptions, field: str) -> CallOptions:
    timeout = None
    if options.timeout is not None:
        accepted = "a whole number of milliseconds above 0"
        milliseconds = whole_number(
            options.timeout, f"{field}.timeout", accepted, range(1, 1 << 31)
        )
        timeout = call_timeout(timedelta(milliseconds=milliseconds))
    return CallOptions(timeout, _metadata(options.headers, f"{field}.headers"))


def _metadata(headers: Mapping[str, str] | None, field: str) -> tuple[tuple[str, str], ...]:
    if headers is None:
        return ()
    found = metadata_of(headers, field)
    return tuple((key, value) for key, value in found if key not in _OF_HTTP)
