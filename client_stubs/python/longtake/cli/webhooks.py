# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""`longtake webhooks`, but for `listen`: registers webhooks, and shows what was sent to them."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from longtake._documents import document_of
from longtake.cli import webhook_options as options  # noqa: TC001 - typer reads the annotations
from longtake.cli.failures import REFUSED, CommandFailure
from longtake.cli.output import json_text, note, say
from longtake.cli.session import Session  # noqa: TC001 - typer reads the annotations
from longtake.cli.tables import Column, say_pairs, say_table, time_text

if TYPE_CHECKING:
    from longtake.types import Webhook, WebhookDelivery

_COLUMNS = (
    Column("ID"),
    Column("URL", least=16),
    Column("STATE"),
    Column("EVENTS", least=10, rank=1),
    Column("PRINCIPAL", rank=2),
    Column("CREATED", rank=3),
)
_DELIVERIES = (
    Column("NAME"),
    Column("EVENT"),
    Column("STATE"),
    Column("ATTEMPTS", rank=2),
    Column("ANSWER"),
    Column("OPERATION", rank=4),
    Column("HAPPENED", rank=3),
    Column("NEXT", rank=1),
)


def create(
    session: Session,
    webhook_id: options.NewIdArgument,
    url: options.UrlOption,
    event: options.EventOption = None,
    principal: options.PrincipalOption = None,
) -> None:
    """Create a webhook, and print its secret, which nothing prints again."""
    with session.client() as client:
        created = client.webhooks.create(webhook_id, url, event_types=event, principal=principal)
    _print(session, created)


def list_(
    session: Session,
    limit: options.LimitOption = 50,
    principal: options.PrincipalOption = None,
) -> None:
    """List webhooks, ordered by owner and id."""
    with session.client() as client:
        asked = client.webhooks.list(min(limit + 1, 1000), principal=principal)
        found = list(islice(asked, limit + 1))
    shown = found[:limit]
    if session.as_json:
        say(json_text(document_of(shown)))
    else:
        say_table(_COLUMNS, map(_row, shown))
    if len(found) > limit:
        note(f"there are more than {limit}; see --limit")


def get(
    session: Session,
    webhook: options.WebhookArgument,
    principal: options.PrincipalOption = None,
) -> None:
    """Show a webhook, without its secret."""
    with session.client() as client:
        _print(session, client.webhooks.get(webhook, principal=principal))


def update(
    session: Session,
    webhook: options.WebhookArgument,
    url: options.NewUrlOption = None,
    event: options.EventOption = None,
    disable: options.DisabledOption = None,
    principal: options.PrincipalOption = None,
) -> None:
    """Change a webhook, disable it, or enable it again. Options that you leave out stay."""
    if url is None and event is None and disable is None:
        raise CommandFailure(REFUSED, "give --url, --event, --disable or --enable")
    with session.client() as client:
        changed = client.webhooks.update(
            webhook, url=url, event_types=event, disabled=disable, principal=principal
        )
    _print(session, changed)


def delete(
    session: Session,
    webhook: options.WebhookArgument,
    principal: options.PrincipalOption = None,
) -> None:
    """Delete a webhook and its deliveries. Events that wait are not sent."""
    with session.client() as client:
        client.webhooks.delete(webhook, principal=principal)
    say(json_text({"deleted": webhook}) if session.as_json else f"deleted {webhook}")


def rotate(
    session: Session,
    webhook: options.WebhookArgument,
    principal: options.PrincipalOption = None,
) -> None:
    """Give a webhook a new secret, and print it. The one before signs too for 24 hours."""
    with session.client() as client:
        _print(session, client.webhooks.rotate_secret(webhook, principal=principal))


def send_test(
    session: Session,
    webhook: options.WebhookArgument,
    principal: options.PrincipalOption = None,
) -> None:
    """Send a webhook.test event, and show its delivery. Does not wait for it."""
    with session.client() as client:
        _print_delivery(session, client.webhooks.test(webhook, principal=principal))


def deliveries(
    session: Session,
    webhook: options.WebhookArgument,
    state: options.StateOption = None,
    limit: options.LimitOption = 50,
    principal: options.PrincipalOption = None,
) -> None:
    """List what was sent to a webhook, the newest event first."""
    with session.client() as client:
        asked = client.webhooks.deliveries(
            webhook, state=state, page_size=min(limit + 1, 1000), principal=principal
        )
        found = list(islice(asked, limit + 1))
    shown = found[:limit]
    if session.as_json:
        say(json_text(document_of(shown)))
    else:
        say_table(_DELIVERIES, map(_delivery_row, shown))
    if len(found) > limit:
        note(f"there are more than {limit}; see --limit and --state")


def redeliver(
    session: Session,
    delivery: options.DeliveryArgument,
    principal: options.PrincipalOption = None,
) -> None:
    """Send an event again, with the same webhook-id. Does not wait for the answer."""
    with session.client() as client:
        _print_delivery(session, client.webhooks.redeliver(delivery, principal=principal))


def _print(session: Session, webhook: Webhook) -> None:
    if session.as_json:
        say(json_text(document_of(webhook)))
        return
    say_pairs(
        [
            ("name", webhook.name),
            ("url", webhook.url),
            ("events", ", ".join(webhook.event_types)),
            ("secret", webhook.secret),
            ("second signature", _until(webhook)),
            ("state", _state(webhook)),
            ("failing since", time_text(webhook.failing_since_time)),
            ("principal", webhook.principal),
            ("from", "the operator's file" if webhook.from_file else None),
            ("created", time_text(webhook.create_time)),
            ("changed", time_text(webhook.update_time)),
        ]
    )


def _until(webhook: Webhook) -> str | None:
    end = time_text(webhook.previous_secret_expire_time)
    return end and f"by the secret before, until {end}"


def _state(webhook: Webhook) -> str:
    if not webhook.disabled:
        return "enabled"
    return f"disabled ({webhook.disable_reason})" if webhook.disable_reason else "disabled"


def _row(webhook: Webhook) -> tuple[str, ...]:
    return (
        webhook.name.removeprefix("webhooks/"),
        webhook.url,
        _state(webhook),
        ",".join(webhook.event_types),
        webhook.principal or "-",
        time_text(webhook.create_time) or "-",
    )


def _print_delivery(session: Session, delivery: WebhookDelivery) -> None:
    if session.as_json:
        say(json_text(document_of(delivery)))
        return
    say_pairs(
        [
            ("name", delivery.name),
            ("event", delivery.event_type),
            ("operation", delivery.operation),
            ("state", delivery.state),
            ("attempts", str(delivery.attempts)),
            ("answer", _answer(delivery)),
            ("happened", time_text(delivery.create_time)),
            ("next attempt", time_text(delivery.next_attempt_time)),
            ("ended", time_text(delivery.end_time)),
        ]
    )


def _answer(delivery: WebhookDelivery) -> str | None:
    """Return the status that the endpoint answered, and why the last attempt failed."""
    status = None if delivery.http_status is None else str(delivery.http_status)
    return " ".join(filter(None, (status, delivery.failure))) or None


def _delivery_row(delivery: WebhookDelivery) -> tuple[str, ...]:
    return (
        delivery.name,
        delivery.event_type,
        delivery.state,
        str(delivery.attempts),
        _answer(delivery) or "-",
        delivery.operation or "-",
        time_text(delivery.create_time) or "-",
        time_text(delivery.next_attempt_time) or "-",
    )
