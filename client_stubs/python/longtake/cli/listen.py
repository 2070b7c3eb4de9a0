# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake webhooks listen`."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from longtake._webhook_signing import new_secret, secret_bytes
from longtake.cli import webhook_options as options  # noqa: TC001 - typer reads the annotations
from longtake.cli.failures import REFUSED, CommandFailure
from longtake.cli.forwarding import Forwarder
from longtake.cli.output import json_text, note, say
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations
from longtake.errors import ClientClosed
from longtake.types import InitialSetComplete, OperationChanged, OperationDeleted, WebhookEvent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from longtake._webhook_events import WebhookRequest
    from longtake.cli.forwarding import Attempt
    from longtake.client import Client

_DEFAULT_EVENTS = (
    WebhookEvent.OPERATION_SUCCEEDED,
    WebhookEvent.OPERATION_FAILED,
    WebhookEvent.OPERATION_CANCELLED,
)


def listen(
    session: Session,
    forward_to: options.ForwardOption,
    secret: options.SecretOption = None,
    event: options.EventOption = None,
    webhook: options.OfWebhookOption = None,
) -> None:
    """Post events to an address on this machine, as a webhook would, until you stop it.

    For development. It needs no webhook, no tunnel, and no address that the server could reach.
    Events of budgets are not among them.
    """
    _check_address(forward_to)
    if WebhookEvent.BUDGET_THRESHOLD in (event or ()):
        raise CommandFailure(
            REFUSED, f"--event: {WebhookEvent.BUDGET_THRESHOLD} is of no operation"
        )
    signing = secret or new_secret()
    try:
        key = secret_bytes(signing)
    except ValueError as error:
        raise CommandFailure(REFUSED, f"--secret: {error}") from None
    if secret is None:
        note(f"signing secret: {signing}")
    wanted = frozenset(event or _DEFAULT_EVENTS)
    of_webhook = webhook and webhook.removeprefix("webhooks/")
    with (
        session.client() as client,
        Forwarder(
            forward_to, key, lambda attempt: _tell(session, attempt), client.close
        ) as forwarder,
    ):
        try:
            for request in _requests(client, wanted, of_webhook, forward_to):
                forwarder.send(request)
        except ClientClosed:
            if forwarder.failure is not None:
                raise forwarder.failure from None
            raise


def _requests(
    client: Client, wanted: frozenset[WebhookEvent], webhook: str | None, address: str
) -> Iterator[WebhookRequest]:
    """Yield the events that happen from now on."""
    # Here, because it imports Protocol Buffers: --help is fast.
    from longtake._webhook_events import event_type_of, request_of

    # The state of each operation that the server keeps, so that a restart of the set repeats none.
    states: dict[str, int] = {}
    has_begun = False
    with closing(client.operations.watch_all_messages()) as events:
        for event in events:
            match event:
                case OperationChanged(operation):
                    state = operation.metadata.state
                    is_new = states.get(operation.name) != state
                    states[operation.name] = state
                    kind = event_type_of(operation)
                    is_meant = webhook is None or operation.metadata.webhook == webhook
                    if has_begun and is_new and is_meant and kind in wanted:
                        yield request_of(operation, kind)
                case OperationDeleted(name):
                    states.pop(name, None)
                case InitialSetComplete() if not has_begun:
                    has_begun = True
                    note(f"forwarding to {address}; Ctrl-C stops it")


def _tell(session: Session, attempt: Attempt) -> None:
    request = attempt.request
    if session.as_json:
        told = {
            "webhook_id": request.id,
            "type": request.type.value,
            "operation": request.operation,
            "attempt": attempt.number,
            "http_status": attempt.status,
            "failure": attempt.failure,
            "seconds": round(attempt.seconds, 3),
            "retry_seconds": attempt.retry_seconds,
        }
        say(json_text(told, indent=None))
        return
    answer = attempt.failure or str(attempt.status)
    again = "" if attempt.retry_seconds is None else f"; again in {attempt.retry_seconds:g} s"
    took = f"{attempt.seconds * 1000:.0f} ms"
    say(f"{request.type.value}  {request.operation}  {answer}  {took}{again}")


def _check_address(url: str) -> None:
    """Check an address before anything is sent to it.

    Raises:
        CommandFailure: It is not an http:// or https:// address.

    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname)
        _ = parts.port
    except ValueError:
        is_address = False
    if not is_address or not url.isascii() or not url.isprintable() or " " in url:
        raise CommandFailure(
            REFUSED, "--forward-to: it is not an address such as http://localhost:3000/hooks"
        )
