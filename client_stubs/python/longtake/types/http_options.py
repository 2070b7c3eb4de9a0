# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""google-genai's options of HTTP, as far as they mean something on gRPC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from typing_extensions import TypedDict


class HttpRetryOptionsDict(TypedDict, total=False):
    """`HttpRetryOptions` as a dict."""

    attempts: int
    initial_delay: float
    max_delay: float
    exp_base: float
    jitter: float
    http_status_codes: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class HttpRetryOptions:
    """google-genai's retries. Accepted so that existing code runs, without an effect.

    Calls are repeated safely by themselves. `retry` of `Client` says how watches and downloads
    are resumed.
    """

    attempts: int | None = None
    initial_delay: float | None = None
    max_delay: float | None = None
    exp_base: float | None = None
    jitter: float | None = None
    http_status_codes: Sequence[int] | None = field(default=None, hash=False)


class HttpOptionsDict(TypedDict, total=False):
    """`HttpOptions` as a dict."""

    base_url: str
    headers: Mapping[str, str]
    timeout: int
    api_version: str
    base_url_resource_scope: object
    client_args: Mapping[str, object]
    async_client_args: Mapping[str, object]
    retry_options: HttpRetryOptions | HttpRetryOptionsDict
    httpx_client: object
    httpx_async_client: object
    aiohttp_client: object


@dataclass(frozen=True, kw_only=True, repr=False)
class HttpOptions:
    """Options of a client or of one call, under google-genai's names.

    The first three have a meaning. The others are accepted, so that existing code runs, and
    have none. `extra_body` is no field: it would change the request unseen.

    Attributes:
        base_url: The address of the server, as the first argument of `Client`. Only for a
            client: a call cannot go elsewhere.
        headers: Metadata of the calls, as `metadata` of `Client`. Those that describe an HTTP
            body, such as `Content-Type`, are left out.
        timeout: The deadline of each call in milliseconds. It counts instead of `timeout` of
            `Client`, which is in seconds.
        api_version: No effect: the version is part of the contract.
        base_url_resource_scope: No effect: there are no projects in names.
        client_args: No effect: there is no HTTP client.
        async_client_args: No effect, likewise.
        retry_options: No effect: see HttpRetryOptions.
        httpx_client: No effect: there is no HTTP client.
        httpx_async_client: No effect, likewise.
        aiohttp_client: No effect, likewise.
    """

    base_url: str | None = None
    headers: Mapping[str, str] | None = field(default=None, hash=False)
    timeout: int | None = None
    api_version: str | None = None
    base_url_resource_scope: object = None
    client_args: Mapping[str, object] | None = field(default=None, hash=False)
    async_client_args: Mapping[str, object] | None = field(default=None, hash=False)
    retry_options: HttpRetryOptions | HttpRetryOptionsDict | None = field(default=None, hash=False)
    httpx_client: object = field(default=None, hash=False)
    httpx_async_client: object = field(default=None, hash=False)
    aiohttp_client: object = field(default=None, hash=False)

    def __repr__(self) -> str:
        # A header may hold a secret, and so may an address.
        return f"HttpOptions(timeout={self.timeout!r}, <{len(self.headers or ())} headers>)"


class GetOperationConfigDict(TypedDict, total=False):
    """A `GetOperationConfig` as a dict."""

    http_options: HttpOptions | HttpOptionsDict


@dataclass(frozen=True, kw_only=True)
class GetOperationConfig:
    """How `client.operations.get` calls.

    Attributes:
        http_options: The headers and the deadline of the call.
    """

    http_options: HttpOptions | HttpOptionsDict | None = None
