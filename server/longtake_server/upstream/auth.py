# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Where the headers that prove who calls come from."""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.auth.credentials import Credentials

_LOGGER = logging.getLogger(__name__)
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_TOKEN_REQUEST_SECONDS = 10.0


class TokenUnavailable(Exception):
    """No headers can be given for now. The message holds nothing secret."""


class TokenSource(Protocol):
    """Gives the headers that a call to the upstream carries."""

    async def headers(self, force_refresh: bool = False) -> dict[str, str]:
        """Return the headers.

        Args:
            force_refresh: Whether the token of before was refused and a new one is needed.

        Raises:
            TokenUnavailable: There are none for now.

        """

    async def aclose(self) -> None:
        """Give up what is under way."""


class StaticToken:
    """A fixed OAuth token: for tests, and for the simulator."""

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
    """An API key of Google's."""

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
    """OAuth tokens of google-auth, by default the application default credentials.

    Loading and refreshing happen in a thread, one at a time for all callers. A
    token that is about to expire is refreshed while it still serves. google-auth
    is imported when it is first used: it costs 17 MB and 0.3 s.
    """

    def __init__(
        self,
        load: Callable[[], Credentials] = default_credentials,
        deadline_seconds: float = 30.0,
    ) -> None:
        """Load nothing yet.

        Args:
            load: Finds the credentials; may block.
            deadline_seconds: How long a caller waits for a token.

        """
        self._load = load
        self._deadline = deadline_seconds
        self._credentials: Credentials | None = None
        self._refreshing: asyncio.Task[Credentials] | None = None

    async def headers(self, force_refresh: bool = False) -> dict[str, str]:
        """Return the headers of a token that has not expired.

        Raises:
            TokenUnavailable: There is none within the deadline.

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
        """Give up a refresh under way."""
        if self._refreshing is not None:
            self._refreshing.cancel()
            await asyncio.wait([self._refreshing])

    async def _refreshed(self) -> Credentials:
        try:
            async with asyncio.timeout(self._deadline):
                # The refresh serves others too: a caller that leaves does not end it.
                return await asyncio.shield(self._refresh())
        except TimeoutError:
            raise TokenUnavailable(f"no access token within {self._deadline:g} s") from None

    def _refresh(self) -> asyncio.Task[Credentials]:
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._load_and_refresh())
            self._refreshing.add_done_callback(_log_failure)
        return self._refreshing

    async def _load_and_refresh(self) -> Credentials:
        found = await asyncio.to_thread(_refreshed, self._credentials, self._load)
        self._credentials = found
        return found


def _refreshed(credentials: Credentials | None, load: Callable[[], Credentials]) -> Credentials:
    from google.auth.exceptions import GoogleAuthError
    from google.auth.transport.requests import Request

    try:
        credentials = credentials or load()
        # google-auth waits 120 s for a token endpoint unless told otherwise.
        request = functools.partial(Request(), timeout=_TOKEN_REQUEST_SECONDS)
        credentials.refresh(request)  # type: ignore[no-untyped-call]  # google-auth is half typed
    except (GoogleAuthError, OSError, ValueError) as error:
        # Not chained: the text may hold what the token endpoint answered.
        raise TokenUnavailable(_explained(error)) from None
    return credentials


def _log_failure(task: asyncio.Task[Credentials]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        _LOGGER.warning("no access token", extra={"cause": str(error)})


def _explained(error: Exception) -> str:
    from google.auth.exceptions import DefaultCredentialsError, TransportError

    if isinstance(error, DefaultCredentialsError):
        return (
            "no usable Google credentials were found; run gcloud auth application-default login "
            "or set GOOGLE_APPLICATION_CREDENTIALS"
        )
    if isinstance(error, TransportError):
        return "Google's token endpoint cannot be reached"
    return f"Google gives no access token ({type(error).__name__})"


def _header_value(secret: str) -> str:
    secret = secret.strip()
    if not secret or not secret.isascii() or not secret.isprintable():
        raise ValueError("a token or key must be printable ASCII and not empty")
    return secret
