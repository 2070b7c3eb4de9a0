# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The credential of each call, and its renewal, on an event loop."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING

from longtake._tokens import (
    Credential,
    check_mendable,
    credential_with,
    fixed_credential,
    too_slow,
)
from longtake.errors import ClientClosed, Unauthenticated

if TYPE_CHECKING:
    from longtake._access import Access, Token


class AsyncCredentials:
    """Keeps the token until the server refuses it. Calls that need a new one share it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._fixed = fixed_credential(access)
        self._cached: Credential | None = None
        self._fetching: asyncio.Task[Credential] | None = None
        self._closed = False

    async def current(self, timeout: float) -> Credential:
        """Return the credential for a call.

        Raises:
            ClientClosed: The client was closed meanwhile.
            ServerError: The function for tokens takes longer than `timeout` seconds.
            ValueError: It returns something else than a token.

        """
        token = self._access.token
        if token is None:
            return self._fixed
        if self._cached is not None:
            return self._cached
        fetching = self._fetch(token, timeout)
        try:
            return await asyncio.shield(fetching)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if self._closed and (task is None or not task.cancelling()):
                raise ClientClosed from error
            raise

    def refused(self, credential: Credential) -> None:
        """Keep a token no longer that the server has refused."""
        if self._cached == credential:
            self._cached = None

    def check_renewable(self, refusal: Unauthenticated) -> None:
        """Check that the next call may be accepted.

        Raises:
            Unauthenticated: The refusal, if the next call would carry the same or nothing
                better.

        """
        if self._access.token is None:
            raise refusal
        check_mendable(refusal)

    async def close(self) -> None:
        """End the wait for a token."""
        self._closed = True
        fetching = self._fetching
        if fetching is not None and fetching.get_loop() is asyncio.get_running_loop():
            fetching.cancel()
            await asyncio.wait([fetching])

    def _fetch(self, token: Token, timeout: float) -> asyncio.Task[Credential]:
        """Return the one call of the function, also if it was another call that began it."""
        loop = asyncio.get_running_loop()
        fetching = self._fetching
        if fetching is None or fetching.done() or fetching.get_loop() is not loop:
            fetching = self._fetching = loop.create_task(self._call(token, timeout))
            # Everybody who waits may leave, and then nobody takes the error.
            fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        return fetching

    async def _call(self, token: Token, timeout: float) -> Credential:
        try:
            async with asyncio.timeout(timeout) as limit:
                # A function that blocks must not block the loop.
                value = token() if inspect.iscoroutinefunction(token) else await _in_thread(token)
                if inspect.isawaitable(value):
                    value = await value
        except TimeoutError:
            if limit.expired():
                raise too_slow(timeout) from None
            raise
        self._cached = credential_with(value, self._access)
        return self._cached


async def _in_thread(token: Token) -> object:
    return await asyncio.to_thread(token)
