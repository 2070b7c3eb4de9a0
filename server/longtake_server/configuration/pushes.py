# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Rules about the pushes of upstreams."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from longtake_server.configuration.loading import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

_PUSH_PROOFS = (
    "push_webhook_secret",
    "push_jwks_url",
    "push_audience",
    "push_pubsub_audience",
    "push_pubsub_email",
)


class Pushes(Protocol):
    """The settings that these rules read, besides the proofs of pushes."""

    @property
    def push_listen(self) -> str | None:
        """Address of the HTTP server for pushes."""

    @property
    def push_pubsub_audience(self) -> str | None:
        """Audience of the Pub/Sub push subscription."""

    @property
    def push_pubsub_email(self) -> str | None:
        """Service account of the Pub/Sub push subscription."""


def _push_listens(settings: Pushes, name: Callable[[str], str]) -> str | None:
    given = [one for one in _PUSH_PROOFS if getattr(settings, one) is not None]
    if not given or settings.push_listen is not None:
        return None
    return f"{name(given[0])} has no effect without {name('push_listen')}"


def _push_is_verified(settings: Pushes, name: Callable[[str], str]) -> str | None:
    if settings.push_listen is None or any(getattr(settings, one) for one in _PUSH_PROOFS):
        return None
    return (
        f"{name('push_listen')} needs a way to verify pushes: {name('push_webhook_secret')}, "
        f"{name('push_audience')}, {name('push_jwks_url')}, or {name('push_pubsub_audience')} "
        f"with {name('push_pubsub_email')}"
    )


def _pubsub_is_complete(settings: Pushes, name: Callable[[str], str]) -> str | None:
    if (settings.push_pubsub_audience is None) == (settings.push_pubsub_email is None):
        return None
    return f"{name('push_pubsub_audience')} and {name('push_pubsub_email')} go together"


PUSH_RULES: tuple[Rule[Any], ...] = (
    Rule(("push_listen", *_PUSH_PROOFS), _push_listens),
    Rule(("push_listen", *_PUSH_PROOFS), _push_is_verified),
    Rule(("push_pubsub_audience", "push_pubsub_email"), _pubsub_is_complete),
)
