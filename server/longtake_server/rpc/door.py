# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The door of the gRPC server: turns each call into its principal, once."""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from longtake_server.errors import RoleMissing
from longtake_server.identity.principal import ANYONE, Principal, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    import grpc

    Context = grpc.aio.ServicerContext[Any, Any]

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
    "/longtake.v1.VideoService/ListModels": _ANY,
    "/longtake.v1.VideoService/GetModel": _ANY,
    "/longtake.v1.VideoService/GetCaller": _ANY,
    "/longtake.v1.VideoService/GetUsage": _ANY,
    "/google.longrunning.Operations/GetOperation": _ANY,
    "/google.longrunning.Operations/ListOperations": _ANY,
    "/google.longrunning.Operations/WaitOperation": _ANY,
    "/google.longrunning.Operations/CancelOperation": _CHANGE,
    "/google.longrunning.Operations/DeleteOperation": _CHANGE,
}
"""The roles of which one is necessary, for each method of the operations."""


def principal_of_call() -> Principal:
    """Return the principal of the running call."""
    return _principal.get()


class Door:
    """Admits calls.

    Args:
        header: The metadata key, in lower case, in which a trusted proxy names the caller;
            None if there is no such proxy.

    """

    def __init__(self, header: str | None = None) -> None:
        self._header = header

    async def admit(self, method: str, context: Context) -> None:
        """Set the principal of the running call.

        Raises:
            RoleMissing: The principal lacks the role that the method requires.

        """
        principal = self._principal_of(context)
        if not principal.roles & ROLES.get(method, _ANY):
            raise RoleMissing(sorted(role.value for role in ROLES[method]))
        _principal.set(principal)

    def _principal_of(self, context: Context) -> Principal:
        if self._header is None:
            return ANYONE
        said = [value for key, value in context.invocation_metadata() or () if key == self._header]
        # The proxy's value comes after any that the caller sent.
        return Principal(str(said[-1]) if said else "", frozenset({Role.GENERATOR}))
