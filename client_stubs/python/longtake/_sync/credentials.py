# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The credential of each call, and its renewal, in blocking code."""

from __future__ import annotations

import asyncio
import inspect
import threading
from concurrent.futures import Future
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
    from collections.abc import Awaitable

    from longtake._access import Access, Token


class Credentials:
    """Keeps the token until the server refuses it. Threads that need a new one share it."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._lock = threading.Lock()
        self._fixed = fixed_credential(access)
        self._cached: Credential | None = None
        self._fetching: Future[Credential] | None = None

    def current(self, timeout: float) -> Credential:
        """Return the credential for a call.

        Raises:
            ClientClosed: The client was closed meanwhile.
            ServerError: The function for tokens takes longer than `timeout` seconds.
            ValueError: It returns something else than a token.

        """
        token = self._access.token
        if token is None:
            return self._fixed
        with self._lock:
            if self._cached is not None:
                return self._cached
            fetching = self._fetch(token)
        try:
            return fetching.result(timeout)
        except TimeoutError:
            if fetching.done():  # the function itself raised it, or ended just now
                return fetching.result()
            raise too_slow(timeout) from None

    def refused(self, credential: Credential) -> None:
        """Keep a token no longer that the server has refused."""
        with self._lock:
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

    def close(self) -> None:
        """End the wait for a token."""
        with self._lock:
            if self._fetching is not None and not self._fetching.done():
                self._fetching.set_exception(ClientClosed())

    def _fetch(self, token: Token) -> Future[Credential]:
        """Return the outcome of the one call of the function, which runs in a thread."""
        fetching = self._fetching
        if fetching is None or fetching.done():
            fetching = self._fetching = Future()
            # A daemon: a function that never returns must not keep the process from ending.
            threading.Thread(target=self._call, args=(token, fetching), daemon=True).start()
        return fetching

    def _call(self, token: Token, fetching: Future[Credential]) -> None:
        try:
            credential = credential_with(_called(token), self._access)
        except BaseException as error:  # noqa: BLE001 - it belongs to those who wait
            with self._lock:
                if not fetching.done():
                    fetching.set_exception(error)
            return
        with self._lock:
            if not fetching.done():
                self._cached = credential
                fetching.set_result(credential)


def _called(token: Token) -> object:
    value: object = token()
    return asyncio.run(_awaited(value)) if inspect.isawaitable(value) else value


async def _awaited(value: Awaitable[object]) -> object:
    return await value
