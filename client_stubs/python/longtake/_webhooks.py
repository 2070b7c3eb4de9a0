# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Builds the requests and the values of webhooks. No I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

from longtake._fields import refusal, text, truth_value, whole_number
from longtake._requests import resource_name
from longtake._responses import enum_name, time_of
from longtake.types import DeliveryState, Webhook, WebhookDelivery, WebhookEvent
from longtake.types.enums import choice_of
from longtake.v1 import webhook_pb2
from longtake.v1 import webhook_service_pb2 as api

if TYPE_CHECKING:
    from collections.abc import Iterable

    from longtake.v1.webhook_pb2 import Webhook as Message

_DELIVERY = "a WebhookDelivery, or webhooks/{id}/deliveries/{id}"


def webhook_name(webhook: Webhook | str) -> str:
    """Return `webhooks/{id}`.

    Raises:
        ValueError: It is empty or not a name.

    """
    name = webhook.name if isinstance(webhook, Webhook) else webhook
    return resource_name("webhooks", name, "a Webhook, or its id or name")


def delivery_name(delivery: WebhookDelivery | str) -> str:
    """Return `webhooks/{id}/deliveries/{id}`.

    Raises:
        ValueError: It is not a name of this form.

    """
    name = delivery.name if isinstance(delivery, WebhookDelivery) else delivery
    parts = text(name, "delivery", _DELIVERY).split("/")
    if parts[::2] != ["webhooks", "deliveries"] or not all(parts):
        raise ValueError("delivery: it is not a name such as webhooks/{id}/deliveries/{id}")
    return name


def owner(principal: str | None) -> str:
    """Return the id of an owner, empty for the caller.

    Raises:
        ValueError: It is not a string.

    """
    return "" if principal is None else text(principal, "principal", "the id of a principal")


def create_request(
    webhook_id: str,
    url: str,
    event_types: Iterable[WebhookEvent | str] | None,
    principal: str | None,
) -> api.CreateWebhookRequest:
    """Return the request that creates a webhook.

    Raises:
        ValueError: A value is wrong; the message names it.

    """
    return api.CreateWebhookRequest(
        webhook_id=text(webhook_id, "webhook_id"),
        webhook=webhook_pb2.Webhook(
            url=text(url, "url"), event_types=() if event_types is None else _names(event_types)
        ),
        principal=owner(principal),
    )


def update_request(
    webhook: Webhook | str,
    url: str | None,
    event_types: Iterable[WebhookEvent | str] | None,
    disabled: bool | None,
    principal: str | None,
) -> api.UpdateWebhookRequest:
    """Return the request that changes what is given.

    Raises:
        ValueError: A value is wrong, or nothing is given.

    """
    request = api.UpdateWebhookRequest(principal=owner(principal))
    request.webhook.name = webhook_name(webhook)
    if url is not None:
        request.webhook.url = text(url, "url")
        request.update_mask.paths.append("url")
    if event_types is not None:
        request.webhook.MergeFrom(webhook_pb2.Webhook(event_types=_names(event_types)))
        request.update_mask.paths.append("event_types")
    if disabled is not None:
        request.webhook.disabled = truth_value(disabled, "disabled")
        request.update_mask.paths.append("disabled")
    if not request.update_mask.paths:
        raise ValueError("update: nothing is to change; give url, event_types or disabled")
    return request


def list_request(page_size: int | None, principal: str | None) -> api.ListWebhooksRequest:
    """Return the request for the first page of webhooks.

    Raises:
        ValueError: A value is wrong; the message names it.

    """
    return api.ListWebhooksRequest(page_size=_page_size(page_size), principal=owner(principal))


def deliveries_request(
    webhook: Webhook | str,
    state: DeliveryState | str | None,
    page_size: int | None,
    principal: str | None,
) -> api.ListWebhookDeliveriesRequest:
    """Return the request for the first page of deliveries.

    Raises:
        ValueError: A value is wrong; the message names it.

    """
    chosen = None if state is None else choice_of(DeliveryState, state, "state").name
    return api.ListWebhookDeliveriesRequest(
        parent=webhook_name(webhook),
        state=chosen,
        page_size=_page_size(page_size),
        principal=owner(principal),
    )


def webhook_of(message: Message) -> Webhook:
    """Return the webhook that a message describes."""
    return Webhook(
        name=message.name,
        url=message.url,
        event_types=tuple(map(_type_name, message.event_types)),
        disabled=message.disabled,
        disable_reason=enum_name(message, "disable_reason") if message.disable_reason else None,
        disable_time=time_of(message, "disable_time"),
        failing_since_time=time_of(message, "failing_since_time"),
        secret=message.secret or None,
        previous_secret_expire_time=time_of(message, "previous_secret_expire_time"),
        principal=message.principal or None,
        from_file=message.from_file,
        create_time=time_of(message, "create_time"),
        update_time=time_of(message, "update_time"),
    )


def delivery_of(message: webhook_pb2.WebhookDelivery) -> WebhookDelivery:
    """Return the delivery that a message describes."""
    has = message.HasField
    took = message.last_attempt_duration
    return WebhookDelivery(
        name=message.name,
        event_type=_type_name(message.event_type),
        operation=message.operation or None,
        state=enum_name(message, "state"),
        attempts=message.attempts,
        create_time=time_of(message, "create_time"),
        next_attempt_time=time_of(message, "next_attempt_time"),
        last_attempt_time=time_of(message, "last_attempt_time"),
        last_attempt_seconds=took.ToNanoseconds() / 1e9 if has("last_attempt_duration") else None,
        failure=enum_name(message, "failure") if message.failure else None,
        http_status=message.http_status if has("http_status") else None,
        end_time=time_of(message, "end_time"),
        principal=message.principal or None,
    )


def _type_name(number: int) -> str:
    """Return the `type` of a body, or the number if only a newer contract has it."""
    known = webhook_pb2.Webhook.EventType.DESCRIPTOR.values_by_number.get(number)
    return str(number) if known is None else known.name.lower().replace("_", ".", 1)


def _names(event_types: Iterable[WebhookEvent | str]) -> list[str]:
    """Return the contract's names of types of events."""
    if isinstance(event_types, str):
        raise refusal(event_types, "event_types", "a list of strings")
    return [choice_of(WebhookEvent, one, "event_types").name for one in event_types]


def _page_size(size: int | None) -> int:
    accepted = "a whole number from 1 to 1000"
    return 0 if size is None else whole_number(size, "page_size", accepted)
