# Copyright 2026 The Longtake Authors
# SPDX-License-Identifier: Apache-2.0
"""Parses the requests of WebhookService. Each error names its field."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Protocol

from longtake.v1.webhook_pb2 import Webhook, WebhookDelivery

from longtake_server.errors import InvalidRequest, Violation
from longtake_server.operations.requests.webhook_violations import ACCEPTED_ID, WEBHOOK_ID
from longtake_server.rpc.requests import invalid
from longtake_server.webhooks.model import (
    CHOSEN_EVENT_TYPES,
    DEFAULT_EVENT_TYPES,
    DeliveryState,
    EventType,
    WebhookKey,
)
from longtake_server.webhooks.service import WebhookChange

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from longtake.v1.webhook_service_pb2 import CreateWebhookRequest, UpdateWebhookRequest

    from longtake_server.identity.principal import Principal

_NAME = re.compile(rf"webhooks/({WEBHOOK_ID.pattern})")
_DELIVERY = re.compile(rf"webhooks/({WEBHOOK_ID.pattern})/deliveries/([A-Za-z0-9._-]{{1,128}})")
_LONGEST_URL = 2048
_LONGEST_PRINCIPAL = 512
_MOST_TYPES = 16
_FIELDS = ("url", "event_types", "disabled")
_TYPES = {Webhook.EventType.Value(one.name): one for one in CHOSEN_EVENT_TYPES}
_ACCEPTED_TYPES = ", ".join(sorted(one.name for one in CHOSEN_EVENT_TYPES))
_STATES = {WebhookDelivery.State.Value(one.value): one for one in DeliveryState}


class _Owned(Protocol):
    """A request that may name the owner of a webhook."""

    @property
    def principal(self) -> str:
        """The owner, empty for the caller."""


def webhook_key(
    name: str, request: _Owned, principal: Principal, field: str = "name"
) -> WebhookKey:
    """Return the key of the webhook that a request names. Raises InvalidRequest."""
    if not (match := _NAME.fullmatch(name)):
        raise invalid(field, "accepted is webhooks/{id}")
    return _key(request, principal, match[1])


def delivery_key(name: str, request: _Owned, principal: Principal) -> tuple[WebhookKey, str]:
    """Return the webhook and the id of a delivery that a request names. Raises InvalidRequest."""
    if not (match := _DELIVERY.fullmatch(name)):
        raise invalid("name", "accepted is webhooks/{id}/deliveries/{id}")
    return _key(request, principal, match[1]), match[2]


def owner(request: _Owned) -> str | None:
    """Return the owner that a request names, None for none. Raises InvalidRequest."""
    if len(request.principal) > _LONGEST_PRINCIPAL or not request.principal.isprintable():
        accepted = f"accepted are at most {_LONGEST_PRINCIPAL} printable characters"
        raise invalid("principal", f"it is not the id of a principal; {accepted}")
    return request.principal or None


def _key(request: _Owned, principal: Principal, webhook: str) -> WebhookKey:
    return WebhookKey(owner(request) or principal.id, webhook)


def new_webhook(
    request: CreateWebhookRequest, principal: Principal
) -> tuple[WebhookKey, str, frozenset[EventType]]:
    """Return the key, the URL and the event types of a new webhook.

    Raises:
        InvalidRequest: Fields are invalid. Holds all violations.

    """
    violations = []
    if not WEBHOOK_ID.fullmatch(request.webhook_id):
        violations.append(Violation("webhook_id", ACCEPTED_ID))
    violations += [*_url_violations(request.webhook), *_type_violations(request.webhook)]
    if violations:
        raise InvalidRequest(violations)
    types = _types(request.webhook) or DEFAULT_EVENT_TYPES
    return _key(request, principal, request.webhook_id), request.webhook.url, types


def webhook_change(request: UpdateWebhookRequest) -> WebhookChange:
    """Return the new settings of a webhook.

    Raises:
        InvalidRequest: Fields are invalid. Holds all violations.

    """
    webhook = request.webhook
    paths = set(request.update_mask.paths)
    violations = [
        Violation("update_mask", f"{path[:80]!r} is unknown; accepted are {', '.join(_FIELDS)}, *")
        for path in sorted(paths - {*_FIELDS, "*"})[:1]
    ]
    if "*" in paths:
        paths = set(_FIELDS)
    elif not paths:
        paths = {field.name for field, _ in webhook.ListFields()} & set(_FIELDS)
        if not paths:
            violations.append(
                Violation("update_mask", f"nothing is to change; accepted are {', '.join(_FIELDS)}")
            )
    if "url" in paths:
        violations += _url_violations(webhook)
    if "event_types" in paths:
        violations += _type_violations(webhook)
    if violations:
        raise InvalidRequest(violations)
    return WebhookChange(
        url=webhook.url if "url" in paths else None,
        event_types=(_types(webhook) or DEFAULT_EVENT_TYPES) if "event_types" in paths else None,
        disabled=webhook.disabled if "disabled" in paths else None,
    )


def delivery_state(number: int) -> DeliveryState | None:
    """Return the state of a request, None for all. Raises InvalidRequest."""
    if number and number not in _STATES:
        accepted = ", ".join(one.value for one in DeliveryState)
        raise invalid("state", f"{number} is unknown; accepted are {accepted}")
    return _STATES.get(number)


def _url_violations(webhook: Webhook) -> Iterator[Violation]:
    if not webhook.url:
        yield Violation("webhook.url", "it is required; accepted is an https address")
    elif len(webhook.url) > _LONGEST_URL:
        yield Violation(
            "webhook.url",
            f"it has {len(webhook.url)} characters; accepted are at most {_LONGEST_URL}",
        )


def _type_violations(webhook: Webhook) -> Iterator[Violation]:
    if len(webhook.event_types) > _MOST_TYPES:
        count = len(webhook.event_types)
        yield Violation("webhook.event_types", f"there are {count}; accepted are {_ACCEPTED_TYPES}")
        return
    for index, number in enumerate(webhook.event_types):
        if number not in _TYPES:
            shown = _shown(number)
            yield Violation(
                f"webhook.event_types[{index}]", f"{shown}; accepted are {_ACCEPTED_TYPES}"
            )


def _shown(number: int) -> str:
    known: Sequence[int] = Webhook.EventType.values()
    if number not in known:
        return f"{number} is unknown"
    return f"{Webhook.EventType.Name(Webhook.EventType.ValueType(number))} cannot be chosen"


def _types(webhook: Webhook) -> frozenset[EventType]:
    return frozenset(_TYPES[number] for number in webhook.event_types)
