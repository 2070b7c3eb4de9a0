# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Sources of the headers that authenticate calls to Google."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import threading
from contextvars import Context
from typing import TYPE_CHECKING, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from google.auth.credentials import Credentials

_LOGGER = logging.getLogger(__name__)
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TOKEN_REQUEST_SECONDS = 10.0

P = ParamSpec("P")
ResultT = TypeVar("ResultT")


class InThread(Protocol):
    """Runs a blocking function in a thread, as asyncio.to_thread does."""

    def __call__(
        self, function: Callable[P, ResultT], /, *args: P.args, **kwargs: P.kwargs
    ) -> Awaitable[ResultT]:
        """Return the function's result, or raise its error."""


async def in_daemon_thread(
    function: Callable[P, ResultT], /, *args: P.args, **kwargs: P.kwargs
) -> ResultT:
    """Run a function in a thread that does not keep the process alive."""
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[ResultT] = loop.create_future()

    def settle(outcome: Callable[[], None]) -> None:
        if not ended.done():
            outcome()

    def run() -> None:
        try:
            result = function(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - passed to the caller
            outcome = functools.partial(ended.set_exception, error)
        else:
            outcome = functools.partial(ended.set_result, result)
        # The loop may have been closed while this thread was busy.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, outcome)

    threading.Thread(target=run, daemon=True, name="credentials").start()
    return await ended


class TokenUnavailable(Exception):
    """No credentials are available. The message says what to do and contains no secret."""


class TokenSource(Protocol):
    """Provides the headers that authenticate a call to the upstream."""

    async def headers(self, force_refresh: bool = False) -> dict[str, str]:
        """Return the headers.

        Args:
            force_refresh: Whether the upstream refused the last token, so that a new one is
                needed.

        Raises:
            TokenUnavailable: No credentials are available.

        """

    async def aclose(self) -> None:
        """Cancel a refresh under way."""


class StaticToken:
    """A fixed OAuth token, for tests and for the simulator."""

    def __init__(self, token: str, quota_project: str | None = None) -> None:
        self._token = _header_value(token)
        self._quota_project = quota_project

    async def headers(self, force_refresh: bool = False) -> dict[str, str]:
        """Return the same headers each time."""
        _ = force_refresh
        headers = {"authorization": f"Bearer {self._token}"}
        if self._quota_project:
            headers["x-goog-user-project"] = self._quota_project
        return headers

    async def aclose(self) -> None:
        """Do nothing."""


class ApiKey:
    """An API key of Google Cloud or of the Gemini Developer API."""

    def __init__(self, key: str) -> None:
        self._key = _header_value(key)

    async def headers(self, force_refresh: bool = False) -> dict[str, str]:
        """Return the same headers each time."""
        _ = force_refresh
        return {"x-goog-api-key": self._key}

    async def aclose(self) -> None:
        """Do nothing."""


def default_credentials() -> Credentials:
    """Find the application default credentials. Blocks on files and the network."""
    import google.auth

    credentials, _ = google.auth.default(scopes=[_SCOPE])
    return credentials


class GoogleCredentials:
    """OAuth tokens from google-auth, by default for the application default credentials.

    Tokens are loaded and refreshed in a thread, once for all callers that wait. A token
    close to its expiry is refreshed while it is still in use. google-auth is imported on
    first use, because it costs 17 MB and 0.3 s.
    """

    def __init__(
        self,
        load: Callable[[], Credentials] = default_credentials,
        deadline_seconds: float = 30.0,
        in_thread: InThread = asyncio.to_thread,
    ) -> None:
        """Create the source; nothing is loaded yet.

        Args:
            load: Finds the credentials; may block.
            deadline_seconds: How long a caller waits for a token.
            in_thread: Runs a blocking function beside the event loop.

        """
        self._load = load
        self._deadline = deadline_seconds
        self._in_thread = in_thread
        self._credentials: Credentials | None = None
        self._refreshing: asyncio.Task[Credentials] | None = None

    async def headers(self, force_refresh: bool = False) -> dict[str, str]:
        """Return the headers of a token that has not expired.

        Raises:
            TokenUnavailable: There is no token within the deadline.

        """
        credentials = self._credentials
        if force_refresh or credentials is None or credentials.token_state.name == "INVALID":
            credentials = await self._refreshed()
        elif credentials.token_state.name == "STALE":
            self._refresh()
        headers: dict[str, str] = {}
        credentials.apply(headers)  # type: ignore[no-untyped-call]  # google-auth is half typed
        return headers

    async def aclose(self) -> None:
        """Cancel a refresh under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    async def _refreshed(self) -> Credentials:
        try:
            async with asyncio.timeout(self._deadline):
                # Other callers may wait for this refresh, so a cancelled caller must not end it.
                return await asyncio.shield(self._refresh())
        except TimeoutError:
            raise TokenUnavailable(f"no access token within {self._deadline:g} s") from None

    def _refresh(self) -> asyncio.Task[Credentials]:
        if self._refreshing is None or self._refreshing.done():
            # Several operations may wait for it, so it must not log in the name of this one.
            self._refreshing = asyncio.create_task(self._load_and_refresh(), context=Context())
            self._refreshing.add_done_callback(_log_failure)
        return self._refreshing

    async def _load_and_refresh(self) -> Credentials:
        found = await self._in_thread(_refreshed, self._credentials, self._load)
        self._credentials = found
        return found


def _refreshed(credentials: Credentials | None, load: Callable[[], Credentials]) -> Credentials:
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credentials = credentials or load()
        # google-auth's own timeout for a token endpoint is 120 s.
        request = functools.partial(Request(), timeout=_TOKEN_REQUEST_SECONDS)
        credentials.refresh(request)  # type: ignore[no-untyped-call]  # google-auth is half typed
    except (GoogleAuthError, OSError, ValueError) as error:
        # Not chained: the error's text may contain the response of the token endpoint.
        raise TokenUnavailable(_explained(error)) from None
    return credentials


def _log_failure(task: asyncio.Task[Credentials]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOGGER.warning("no access token", extra={"cause": str(error)})


def _explained(error: Exception) -> str:
    from google.auth.exceptions import (
        DefaultCredentialsError,
        RefreshError,
        TransportError,
    )

    if isinstance(error, DefaultCredentialsError):
        return (
            "no usable Google credentials were found; set GOOGLE_APPLICATION_CREDENTIALS to a "
            "readable credentials file, run gcloud auth application-default login, or run on a "
            "machine with a service account"
        )
    if isinstance(error, TransportError):
        return "Google's token endpoint cannot be reached; check the network and HTTPS_PROXY"
    if isinstance(error, RefreshError):
        return (
            "Google refuses to issue an access token; the credentials may be revoked or expired: "
            "replace the key, or run gcloud auth application-default login again"
        )
    return f"the Google credentials cannot be used ({type(error).__name__}); replace them"


def _header_value(secret: str) -> str:
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable():
        raise ValueError("a token or key must be printable ASCII and not empty")
    return secret
