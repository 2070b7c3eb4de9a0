# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""The HTTP routes for pushes. A response says only whether the push was accepted."""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from longtake_server.identity.key_set import KeysUnavailable
from longtake_server.push.documents import possible_names, read_json
from longtake_server.push.faults import NoRoom, NotVerified, Unreadable
from longtake_server.push.pubsub import read_message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from longtake_server.push.hints import Hints
    from longtake_server.push.pubsub import PubsubTokens
    from longtake_server.push.signatures import WebhookVerifier

_log = logging.getLogger(__name__)

_MOST_BYTES = 256 << 10
_BODY_SECONDS = 10.0

_STATUSES = {Unreadable: 400, NotVerified: 401, NoRoom: 503, KeysUnavailable: 503}


class _BodyRefused(Exception):
    """The body is too large (413) or arrives too slowly (408)."""

    def __init__(self, status: int) -> None:
        super().__init__(f"the body is refused with status {status}")
        self.status = status


def create_application(
    hints: Hints, webhooks: WebhookVerifier | None, pubsub: PubsubTokens | None
) -> Starlette:
    """Return the ASGI application. It answers other paths with 404.

    Args:
        hints: The queue of hints.
        webhooks: Authenticates webhooks; None removes their route.
        pubsub: Authenticates Pub/Sub pushes; None removes their route.

    """
    routes: list[Route] = []
    if webhooks is not None:
        take = partial(_webhook, hints, webhooks)
        routes.append(Route("/push/webhooks", _answering(take), methods=["POST"]))
    if pubsub is not None:
        take = partial(_pubsub, hints, pubsub)
        routes.append(Route("/push/pubsub", _answering(take), methods=["POST"]))
    return Starlette(routes=routes)


async def _webhook(hints: Hints, verifier: WebhookVerifier, request: Request) -> None:
    body = await _body(request)
    claims = await verifier.verify(request.headers, body)
    # The token of a dynamic webhook may contain the event: its claims are not documented.
    names = possible_names([read_json(body), dict(claims)])
    hints.put(f"webhook {request.headers['webhook-id']}", names)


async def _pubsub(hints: Hints, tokens: PubsubTokens, request: Request) -> None:
    body = await _body(request)
    await tokens.verify(request.headers.get("authorization", ""))
    message_id, document = read_message(body)
    hints.put(f"pubsub {message_id}", possible_names(document))


def _answering(
    take: Callable[[Request], Awaitable[None]],
) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            await take(request)
        except (Unreadable, NotVerified, NoRoom, KeysUnavailable) as error:
            _log.info("a push was refused", extra={"cause": str(error)})
            return Response(status_code=_STATUSES[type(error)])
        except _BodyRefused as error:
            _log.info("a push was refused", extra={"cause": str(error)})
            # The rest of the body must not be read as the next request.
            return Response(status_code=error.status, headers={"connection": "close"})
        return Response(status_code=204)

    return answer


async def _body(request: Request) -> bytes:
    """Return the body, reading no more than the limit."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise _BodyRefused(413)
    except TimeoutError:
        raise _BodyRefused(408) from None
    return bytes(body)
