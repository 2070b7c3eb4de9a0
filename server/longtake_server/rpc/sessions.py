# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Ends open calls whose credential no longer admits them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from longtake_server.errors import (
    AuthenticationUnavailable,
    CredentialExpired,
    NotAuthenticated,
    RoleMissing,
)
from longtake_server.rpc.endings import Endings

if TYPE_CHECKING:
    from types import TracebackType

    import grpc

    from longtake_server.clock import Clock
    from longtake_server.errors import LongtakeError
    from longtake_server.identity.authentication import Authenticator, Presented
    from longtake_server.identity.principal import Principal

    Context = grpc.aio.ServicerContext[Any, Any]

_CHECKED_AT_ONCE = 100
_VERIFIED_AT_ONCE = 16


class Session:
    """A call that is open, as a context manager of the task that runs it."""

    __slots__ = ("_holders", "context", "task")

    def __init__(self, holders: _Holders, context: Context) -> None:
        self._holders = holders
        self.context = context
        self.task = asyncio.current_task()

    def __enter__(self) -> None:
        """Begin to watch over the call."""
        self._holders.sessions.add(self)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """The call has ended."""
        self._holders.sessions.discard(self)


class _Holders:
    """The open calls of one credential.

    Attributes:
        principal: Whom the credential stood for when it was last checked.
        sessions: The calls.
    """

    __slots__ = ("principal", "sessions")

    def __init__(self, principal: Principal) -> None:
        self.principal = principal
        self.sessions: set[Session] = set()


class Sessions:
    """The open calls, by credential: one check serves all calls that present the same one.

    Args:
        authenticator: Verifies credentials.
        clock: Determines whether a credential has expired.

    """

    def __init__(self, authenticator: Authenticator, clock: Clock) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._endings = Endings()
        self._holders: dict[Presented, _Holders] = {}
        self._verifying: asyncio.Task[None] | None = None

    def open(self, presented: Presented, principal: Principal, context: Context) -> Session:
        """Return the session of the running call."""
        holders = self._holders.get(presented)
        if holders is None:
            holders = self._holders[presented] = _Holders(principal)
        return Session(holders, context)

    async def check(self) -> None:
        """Check each credential again, and end the calls of those that admit no longer.

        Calls stay open while a credential cannot be verified, until it expires. Tokens whose
        signature must be verified again are left to a task, since their issuer may not answer.
        """
        if self._verifying is not None and self._verifying.done():
            self._verifying.result()
            self._verifying = None
        unknown = []
        for number, (presented, holders) in enumerate(list(self._holders.items()), 1):
            if number % _CHECKED_AT_ONCE == 0:
                await asyncio.sleep(0)
            if not holders.sessions:
                del self._holders[presented]
            elif not self._admits(presented, holders):
                unknown.append((presented, holders))
        if unknown and self._verifying is None:
            self._verifying = asyncio.create_task(self._verify(unknown), name="sessions")

    async def aclose(self) -> None:
        """Cancel the verification that runs."""
        if self._verifying is not None:
            self._verifying.cancel()
            await asyncio.wait([self._verifying])

    def _admits(self, presented: Presented, holders: _Holders) -> bool:
        """Return whether the credential could be checked. If it no longer admits, end its calls."""
        expire_time = holders.principal.expire_time
        if expire_time is not None and self._clock.now() >= expire_time:
            self._end(holders, CredentialExpired(holders.principal.key_id))
            return True
        try:
            principal = self._authenticator.known(presented)
        except NotAuthenticated as error:
            self._end(holders, error)
        except AuthenticationUnavailable:
            pass
        else:
            if principal is None:
                return False
            self._renew(holders, principal)
        return True

    async def _verify(self, unknown: list[tuple[Presented, _Holders]]) -> None:
        for begin in range(0, len(unknown), _VERIFIED_AT_ONCE):
            few = unknown[begin : begin + _VERIFIED_AT_ONCE]
            await asyncio.gather(*(self._verify_one(*one) for one in few))

    async def _verify_one(self, presented: Presented, holders: _Holders) -> None:
        try:
            self._renew(holders, await self._authenticator.principal_of(presented))
        except NotAuthenticated as error:
            self._end(holders, error)
        except AuthenticationUnavailable:
            pass

    def _renew(self, holders: _Holders, principal: Principal) -> None:
        lost = holders.principal.roles - principal.roles
        holders.principal = principal
        if lost:
            # What the calls send was chosen by the roles that they had.
            self._end(holders, RoleMissing(sorted(role.value for role in lost)))

    def _end(self, holders: _Holders, error: LongtakeError) -> None:
        for session in holders.sessions:
            self._endings.end(session.context, error, session.task)
        holders.sessions.clear()
