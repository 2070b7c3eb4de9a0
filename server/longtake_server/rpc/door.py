# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The door of the gRPC server: turns each call into its principal, once."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from grpc_health.v1.health_pb2 import HealthCheckRequest

from longtake_server.errors import RoleMissing
from longtake_server.identity.authentication import Presented
from longtake_server.identity.certificates import identities_of
from longtake_server.identity.principal import ANYONE, Principal, Role
from longtake_server.rpc.sessions import Sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import grpc

    from longtake_server.clock import Clock
    from longtake_server.identity.authentication import Authenticator

    Context = grpc.aio.ServicerContext[Any, Any]

_HEALTH = frozenset({"/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"})
# The health of the server as a whole. Probes have no credential, and gRPC libraries that check the
# health of a server before they use it send none.
_OPEN_HEALTH = frozenset(
    HealthCheckRequest(service=service).SerializeToString()
    for service in ("", "longtake.v1.VideoService", "longtake.v1.WebhookService")
)
# The server knows of a revocation within a second, so calls end well within ten.
_SECONDS_BETWEEN_CHECKS = 3.0
_NOBODY = Principal("", frozenset())
_NOTHING = Presented()
_UNWATCHED = nullcontext()

_principal: ContextVar[Principal] = ContextVar("principal")

_ANY = frozenset(Role)
_CHANGE = frozenset({Role.GENERATOR, Role.ADMIN})

ROLES: Mapping[str, frozenset[Role]] = {
    "/longtake.v1.VideoService/GenerateVideos": _CHANGE,
    "/longtake.v1.VideoService/GetOperation": _ANY,
    "/longtake.v1.VideoService/WatchOperation": _ANY,
    "/longtake.v1.VideoService/WatchOperations": _ANY,
    "/longtake.v1.VideoService/WaitOperation": _ANY,
    "/longtake.v1.VideoService/ListOperations": _ANY,
    "/longtake.v1.VideoService/CancelOperation": _CHANGE,
    "/longtake.v1.VideoService/DeleteOperation": _CHANGE,
    "/longtake.v1.VideoService/DownloadVideo": _ANY,
    "/longtake.v1.VideoService/CreateVideoUrl": _ANY,
    "/longtake.v1.VideoService/ListModels": _ANY,
    "/longtake.v1.VideoService/GetModel": _ANY,
    "/longtake.v1.VideoService/GetCaller": _ANY,
    "/longtake.v1.VideoService/GetUsage": _ANY,
    "/longtake.v1.WebhookService/CreateWebhook": _CHANGE,
    "/longtake.v1.WebhookService/GetWebhook": _ANY,
    "/longtake.v1.WebhookService/ListWebhooks": _ANY,
    "/longtake.v1.WebhookService/UpdateWebhook": _CHANGE,
    "/longtake.v1.WebhookService/DeleteWebhook": _CHANGE,
    "/longtake.v1.WebhookService/RotateWebhookSecret": _CHANGE,
    "/longtake.v1.WebhookService/TestWebhook": _CHANGE,
    "/longtake.v1.WebhookService/GetWebhookDelivery": _ANY,
    "/longtake.v1.WebhookService/ListWebhookDeliveries": _ANY,
    "/longtake.v1.WebhookService/RedeliverWebhookDelivery": _CHANGE,
    "/google.longrunning.Operations/GetOperation": _ANY,
    "/google.longrunning.Operations/ListOperations": _ANY,
    "/google.longrunning.Operations/WaitOperation": _ANY,
    "/google.longrunning.Operations/CancelOperation": _CHANGE,
    "/google.longrunning.Operations/DeleteOperation": _CHANGE,
}
"""The roles of which one is necessary, for each method."""


def principal_of_call() -> Principal:
    """Return the principal of the running call."""
    return _principal.get()


def act_as(principal: Principal) -> None:
    """Set the principal of the running call, which came in by another door than gRPC's."""
    _principal.set(principal)


def check_role(principal: Principal, method: str) -> None:
    """Return if a principal has a role that a method requires.

    Args:
        principal: Who makes the call.
        method: The method, as `/package.Service/Method`.

    Raises:
        RoleMissing: It has none.

    """
    required = ROLES.get(method, _ANY)
    if principal.roles.isdisjoint(required):
        raise RoleMissing(sorted(role.value for role in required))


class Door:
    """Admits calls, and watches over those that stay open.

    Args:
        authenticator: Turns what a call presents into its principal.
        clock: Times the checks of open calls.
        header: The metadata key, in lower case, in which a trusted proxy names the caller;
            None if there is no such proxy.
        tell: Called every few seconds with whether credentials can be verified.

    """

    def __init__(
        self,
        authenticator: Authenticator,
        clock: Clock,
        *,
        header: str | None = None,
        tell: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._authenticator = authenticator
        self._clock = clock
        self._header = header
        self._tell = tell
        self._sessions = Sessions(authenticator, clock)
        self._reads_nothing = not authenticator.authenticates and header is None

    def admit_known(self, method: str, context: Context, request: bytes = b"") -> Presented | None:
        """Set the principal of the running call, before its request is decoded.

        Args:
            method: The method, as `/package.Service/Method`.
            context: The call.
            request: The encoded request; empty for a stream of requests.

        Returns:
            What the call presents, or None if it must be verified first. Then use `admit`.

        Raises:
            NotAuthenticated, AuthenticationUnavailable: As Authenticator.principal_of.
            RoleMissing: The principal lacks the role that the method requires.

        """
        if self._reads_nothing:
            _principal.set(ANYONE)
            return _NOTHING
        if method in _HEALTH and request in _OPEN_HEALTH:
            _principal.set(_NOBODY)
            return _NOTHING
        presented = self._presented(context)
        principal = self._authenticator.known(presented)
        if principal is None:
            return None
        check_role(principal, method)
        _principal.set(principal)
        return presented

    async def admit(self, method: str, context: Context, request: bytes = b"") -> Presented:
        """Set the principal of the running call. Does not suspend if `admit_known` does it.

        Args, and raises, as `admit_known`.

        Returns:
            What the call presents.

        """
        at_once = self.admit_known(method, context, request)
        if at_once is not None:
            return at_once
        presented = self._presented(context)
        principal = await self._authenticator.principal_of(presented)
        check_role(principal, method)
        _principal.set(principal)
        return presented

    def stay(self, presented: Presented, context: Context) -> AbstractContextManager[None]:
        """Return a context manager for a call that stays open.

        Within it, the call ends with an error a few seconds after its credential was revoked or
        has expired.

        Args:
            presented: What `admit` returned.
            context: The call.

        """
        if presented is _NOTHING or not self._authenticator.authenticates:
            return _UNWATCHED
        return self._sessions.open(presented, _principal.get(), context)

    async def run(self) -> None:
        """Check the credentials of open calls every few seconds, until cancelled."""
        try:
            while True:
                self._tell(self._authenticator.available)
                await self._sessions.check()
                await self._clock.sleep(_SECONDS_BETWEEN_CHECKS)
        finally:
            await self._sessions.aclose()

    def _presented(self, context: Context) -> Presented:
        authorization: tuple[str, ...] = ()
        api_key: tuple[str, ...] = ()
        caller: tuple[str, ...] = ()
        for key, value in context.invocation_metadata() or ():
            if key == "authorization":
                authorization += (str(value),)
            elif key == "x-goog-api-key":
                api_key += (str(value),)
            elif key == self._header:
                caller += (str(value),)
        identities: tuple[str, ...] = ()
        if self._authenticator.reads_certificates:
            identities = identities_of(context.auth_context())
        return Presented(authorization, api_key, caller, identities)
