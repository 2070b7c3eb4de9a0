# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""What a call carries, and which refusals another token can mend. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from longtake._access import bearer
from longtake.errors import ServerError, Unauthenticated

if TYPE_CHECKING:
    from longtake._access import Access

# A proxy that checks tokens gives no reason.
_MENDABLE = frozenset({"CREDENTIAL_EXPIRED", "CREDENTIAL_UNKNOWN", ""})


@dataclass(frozen=True, slots=True)
class Credential:
    """What a call carries: the client's metadata, and its key or token if it has one."""

    metadata: tuple[tuple[str, str], ...] = field(repr=False)


def fixed_credential(access: Access) -> Credential:
    """Return what every call of a client without a token carries."""
    own = [("authorization", access.authorization)] if access.authorization else []
    return Credential((*own, *access.metadata))


def credential_with(token: object, access: Access) -> Credential:
    """Return what a call with a token carries.

    Raises:
        ValueError: It is not a token. The message does not repeat it.

    """
    return Credential((("authorization", bearer(token, "token")), *access.metadata))


def check_mendable(refusal: Unauthenticated) -> None:
    """Check that another token may be accepted.

    Raises:
        Unauthenticated: The refusal, which another token does not mend.

    """
    if refusal.reason not in _MENDABLE:
        raise refusal


def too_slow(seconds: float) -> ServerError:
    """Return the error for a function that does not return a token in time."""
    return ServerError("DEADLINE_EXCEEDED", f"token: there is none after {seconds:g} seconds")
