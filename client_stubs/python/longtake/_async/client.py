# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""A client and its parts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import grpc

from longtake._access import Token, access_of
from longtake._async.caller import AsyncCallers
from longtake._async.connection import AsyncConnection
from longtake._async.credentials import AsyncCredentials
from longtake._async.downloads import AsyncDownloads
from longtake._async.files import AsyncFiles
from longtake._async.models import AsyncModels
from longtake._async.operations import AsyncOperations
from longtake._async.transport import AsyncTransport
from longtake._async.usage import AsyncUsages
from longtake._async.webhooks import AsyncWebhooks
from longtake._backoff import RetryPolicy
from longtake._durations import Seconds, call_timeout
from longtake._http_options import client_options
from longtake._process_bound import UnpicklableClient
from longtake._tls import File
from longtake.types import HttpOptions, HttpOptionsDict


class AsyncBaseClient(UnpicklableClient):
    """Calls a Longtake server.

    After `close`, every call raises `errors.ClientClosed`. A client cannot be pickled; create
    one in each process.

    Args:
        address: `host:port`, `http://host:port` or `grpc://host:port` without TLS;
            `https://host:port` or `grpcs://host:port` with TLS, where the port is 443 if you
            leave it out. Default: LONGTAKE_ADDRESS, else `localhost:50051`.
        api_key: An API key. Default: LONGTAKE_API_KEY.
        token: Instead of a key, a function or coroutine function without arguments that
            returns a token, such as a JWT. It is called for the first call, and again when the
            server says that the token has expired.
        ca: The file of the certificates to trust, in PEM. Default: LONGTAKE_CA, else those
            that gRPC comes with.
        client_certificate: The files of the client's certificate and of its private key, in
            PEM. Default: LONGTAKE_CLIENT_CERTIFICATE and LONGTAKE_CLIENT_KEY.
        metadata: Headers for proxies, which every call carries, with or without TLS. Default:
            LONGTAKE_METADATA, which is `key=value,key=value`.
        credentials: gRPC's own object for TLS, instead of `ca` and `client_certificate`.
        timeout: The deadline of each call, in seconds or as a timedelta. Watches, waits
            and downloads have no deadline of this kind. Default: 30 seconds.
        retry: How broken watches and downloads are resumed.
        enterprise: Accepted so that code for google-genai runs. No effect: the server chooses
            the upstream by the model.
        vertexai: The former name of `enterprise`.
        project: Accepted likewise. No effect: the project is a setting of the server.
        location: Accepted likewise. No effect: the server chooses the region.
        http_options: `base_url` is the address if `address` is not given, `headers` are more
            `metadata`, and its `timeout`, in milliseconds, counts instead of `timeout`. See
            `types.HttpOptions`.

    Attributes:
        models: Starts generations and describes the models.
        operations: Gets, watches, lists, cancels and deletes generations.
        caller: Tells who makes the calls, and what is left to spend.
        usage: Tells what was generated, and what it cost.
        webhooks: Registers webhooks, and shows what was sent to them.
        files: Downloads videos by google-genai's call.
        vertexai: Whether `enterprise` or `vertexai` was given as true.
        address: The address that the client connects to.

    Raises:
        ValueError: A value is wrong, or values contradict each other; or a key or token
            would leave this machine without TLS. The message names the argument or variable.

    """

    def __init__(
        self,
        address: str | None = None,
        *,
        api_key: str | None = None,
        token: Token | None = None,
        ca: File | None = None,
        client_certificate: tuple[File, File] | None = None,
        metadata: Mapping[str, str] | None = None,
        credentials: grpc.ChannelCredentials | None = None,
        timeout: Seconds = 30.0,
        retry: RetryPolicy | None = None,
        enterprise: bool | None = None,
        vertexai: bool | None = None,
        project: str | None = None,
        location: str | None = None,
        http_options: HttpOptions | HttpOptionsDict | None = None,
    ) -> None:
        del project, location  # settings of the server
        options = client_options(http_options)
        access = access_of(
            address,
            api_key=api_key,
            token=token,
            ca=ca,
            client_certificate=client_certificate,
            metadata=metadata,
            credentials=credentials,
            base_url=options.base_url,
            headers=options.metadata,
        )
        self.address = access.address.text
        self.vertexai = bool(enterprise or vertexai)
        self._transport = AsyncTransport(access)
        self._credentials = AsyncCredentials(access)
        connection = AsyncConnection(
            self._transport,
            self._credentials,
            options.timeout or call_timeout(timeout),
            retry or RetryPolicy(),
        )
        self.operations = AsyncOperations(connection)
        self.models = AsyncModels(connection, self.operations)
        self.caller = AsyncCallers(connection)
        self.usage = AsyncUsages(connection)
        self.webhooks = AsyncWebhooks(connection)
        self.files = AsyncFiles(AsyncDownloads(connection))

    async def close(self) -> None:
        """Close the connection. Calls under way and later calls raise `errors.ClientClosed`."""
        await self._transport.close()
        await self._credentials.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.close()
